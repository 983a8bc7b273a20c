// @ts-check
// The studio's messages to a stage (`message.py` says what is in them): their pictures are fetched, then all is shown.

/** The pictures of a stage: every address is fetched and decoded once, and kept while a message needs it. */
class Pictures {
  #pictures = new Map();

  /** @param painter tells who keeps the decoded pictures now */
  constructor(painter) {
    this.painter = painter;
    this.awaited = new Map(); // serial of a message on its way to the stage -> the addresses it needs
  }

  load(address) {
    if (!this.#pictures.has(address)) {
      const picture = fetch(address)
        .then((answer) => {
          if (!answer.ok) throw new Error(`picture answered ${answer.status}`);
          return answer.blob();
        })
        .then((blob) => createImageBitmap(blob, { premultiplyAlpha: "premultiply" }))
        .then((bitmap) => this.painter().keep(bitmap));
      picture.catch(() => this.#pictures.delete(address));
      this.#pictures.set(address, picture);
    }
    return this.#pictures.get(address);
  }

  /** Drop all but these, and but those of messages on their way. */
  dropOthers(kept) {
    const needed = new Set([...kept, ...[...this.awaited.values()].flat()]);
    for (const [address, picture] of this.#pictures) {
      if (!needed.has(address)) {
        this.#pictures.delete(address);
        picture.then((texture) => this.painter().drop(texture), () => {});
      }
    }
  }

  /** Forget them all: who kept them is gone. */
  clear() {
    this.#pictures.clear();
  }
}

const ordered = (frames) => frames.sort((a, b) => a.strength - b.strength);

/**
 * Show the messages that `props.value` holds.
 * @returns {{receive: () => void, forgetPictures: () => void}} what takes up the present message (again)
 */
export function openMessages({ box, props, state, painter, drawing, regions, settings, fit }) {
  const pictures = new Pictures(painter);
  const first = state.strength;
  let [newest, applied] = [0, 0]; // serials of messages
  let standing = []; // addresses of what is shown

  const withImages = (list) => Promise.all(list.map(async (entry) => ({ ...entry, image: await pictures.load(entry.file.url) })));

  /** Fetch the pictures and masks of a message, or nothing where one does not arrive. */
  async function fetchAll(message, serial) {
    // until the visitor stirs, the greeting needs no more than the photo and the painting
    const asked = ({ strength }) => state.awake || message.turn > 0 || strength === 0 || strength === first;
    const frames = message.frames.filter(asked);
    const every = [...frames, ...message.truth, ...message.layers.flatMap((layer) => layer.frames)];
    const addresses = every.map(({ file }) => file.url);
    pictures.awaited.set(serial, addresses);
    try {
      const fetched = await Promise.all([
        withImages(frames),
        withImages(message.truth),
        Promise.all(message.layers.map(async (layer) => [layer.key, ordered(await withImages(layer.frames))])),
        regions.loadMasks(message.regions),
      ]);
      return { fetched, addresses };
    } catch (error) {
      console.warn("A picture did not arrive:", error.message);
      return null;
    }
  }

  async function receive() {
    const message = props.value;
    if (!message || message.turn < state.turn) return;
    box.classList.toggle("busy", Boolean(message.busy));
    const serial = ++newest;
    const got = await fetchAll(message, serial);
    if (got && serial >= applied && message.turn >= state.turn) show(message, serial, got);
    pictures.awaited.delete(serial); // not before: a message shown in between would drop what this one has fetched
  }

  function show(message, serial, { fetched: [frames, truth, layers, masks], addresses }) {
    const otherPhoto = message.photo !== state.photo;
    const early = message.turn > state.turn && frames.length < 2 && !otherPhoto;
    if (early && !truth.length) return; // nothing new to see yet
    applied = serial;
    if (!settings.colorMoves()) state.color = message.color;
    state.trueColor = message.color;
    if (early) {
      // the picture is there before the keyframes: it fades in over those of the last turn, which stay that long
      state.truth = truth;
      pictures.dropOthers([...standing, ...addresses]);
      drawing.redraw();
      return;
    }
    standing = addresses;
    Object.assign(state, {
      turn: message.turn,
      photo: message.photo,
      size: message.size,
      frames: ordered(frames),
      layers: new Map(layers),
      truth,
      alt: message.alt,
    });
    box.dataset.turn = state.turn;
    box.dataset.frames = frames.length;
    pictures.dropOthers(addresses);
    if (otherPhoto) {
      fit();
      if (box.dataset.stage === "stage") /** @type {any} */ (window).wall?.another();
    }
    regions.receive(message.regions, masks);
    drawing.describe();
    drawing.redraw();
    if (!message.busy) settings.rest();
  }

  for (const sign of ["pointermove", "pointerdown", "keydown", "input"]) {
    const wake = () => {
      if (!state.awake) {
        state.awake = true;
        receive();
      }
    };
    window.addEventListener(sign, wake, { once: true, passive: true, capture: true });
  }
  return { receive, forgetPictures: () => pictures.clear() };
}
