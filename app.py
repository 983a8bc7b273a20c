"""Open the studio: python app.py [--share] [--host ADDRESS] [--port NUMBER] [--device D] [--segmenter S]."""

from stylizer.cli.app import main

if __name__ == "__main__":
    main()
