"""What training reads: folders of pictures, crops, labels, augmentation."""
