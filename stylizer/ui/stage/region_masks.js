// @ts-check
// The masks of regions: fetched once a revision, and added up for the painter where regions are painted alike.

import { addUp, groupsOf, nearest } from "./masks.js";

const MOST_MIXED = 12; // sums of masks that a painter keeps

/** Fetch the masks of a message; they travel in one picture, one below the other. */
async function fetchMasks({ file, size: [width, height], entries }) {
  const answer = await fetch(file.url);
  if (!answer.ok) throw new Error(`masks answered ${answer.status}`);
  const bitmap = await createImageBitmap(await answer.blob(), { premultiplyAlpha: "none", colorSpaceConversion: "none" });
  const sheet = Object.assign(document.createElement("canvas"), { width, height });
  const context = sheet.getContext("2d", { willReadFrequently: true });
  const masks = [];
  for (let place = 0; place < entries.length; place += 1) {
    context.drawImage(bitmap, 0, -place * height);
    const { data } = context.getImageData(0, 0, width, height);
    masks.push(Uint8Array.from({ length: width * height }, (_, at) => data[4 * at]));
  }
  bitmap.close();
  return masks;
}

/** Return what fetches the masks of a message, once a revision. */
export function maskLoader() {
  const loading = { revision: "", masks: null };
  return (message) => {
    if (!message) return null;
    if (loading.revision !== message.revision) {
      const masks = fetchMasks(message);
      masks.catch(() => (loading.revision = ""));
      Object.assign(loading, { revision: message.revision, masks });
    }
    return loading.masks;
  };
}

/**
 * Tell what is drawn where, in a stage's `state` and `regions`; `painter` tells who keeps the masks now.
 * @param {{regions: import("./region_state.js").RegionState, state: any, painter: () => any}} stage
 */
export function openMasks({ regions, state, painter }) {
  const mixed = new Map(); // places of regions that are drawn alike -> {places, bytes, texture}

  function groupsToDraw() {
    const { strength, frames: own, layers, color: picture } = state;
    if (!regions.entries.length) return [{ ...nearest(strength, own), mask: null, gray: 1 - picture }];
    const held = regions.beforeShown() ? regions.chosenPlaces() : [];
    return groupsOf(regions.entries, strength, held, layers, own, picture).map(({ frames, shown, places, color }) => {
      const mask = places.length < regions.entries.length ? mixedMask(places) : null;
      return { ...nearest(shown, frames), mask, gray: 1 - color };
    });
  }

  function mixedMask(places) {
    const key = places.join();
    const known = mixed.get(key);
    if (known) return known.texture;
    for (const [old, { texture }] of mixed) {
      if (mixed.size < MOST_MIXED) break;
      painter().drop(texture);
      mixed.delete(old);
    }
    const [width, height] = regions.size;
    const group = { places, bytes: places.length === 1 ? regions.masks[places[0]] : new Uint8Array(width * height) };
    if (places.length > 1) sumUp(group, [0, 0, width, height]);
    const texture = painter().keepMask(null, group.bytes, regions.size);
    mixed.set(key, { ...group, texture });
    return texture;
  }

  function sumUp({ places, bytes }, area) {
    const masks = places.map((place) => regions.masks[place]);
    addUp(masks, bytes, regions.size[0], area);
  }

  /** Take over masks that the brush has changed inside an area. */
  function renew(area) {
    for (const group of mixed.values()) {
      if (group.places.length > 1) sumUp(group, area);
      painter().keepMask(group.texture, group.bytes, regions.size, area);
    }
  }

  function forget() {
    for (const { texture } of mixed.values()) painter().drop(texture);
    mixed.clear();
  }

  return { groupsToDraw, renew, forget };
}
