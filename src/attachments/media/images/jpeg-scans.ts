const MARKER = 0xff;
const END_OF_IMAGE = 0xd9;
const START_OF_SCAN = 0xda;

/**
 * How many times a JPEG goes over its picture, counted without decoding it: a photograph does so once, or in ten scans that
 * refine it, but a file of 200 kB can hold a thousand empty ones. What stands behind its end does not count.
 */
export function countScans(file: Buffer): number {
  let scans = 0;
  for (let at = file.indexOf(MARKER, 2); at !== -1 && at + 1 < file.length; at = file.indexOf(MARKER, at)) {
    const marker = file[at + 1] as number;
    if (marker === END_OF_IMAGE) break;
    if (marker === MARKER) at += 1;
    else if (!hasLength(marker)) at += 2;
    else {
      if (marker === START_OF_SCAN) scans += 1;
      at += 2 + (at + 3 < file.length ? file.readUInt16BE(at + 2) : 0);
    }
  }
  return scans;
}

/** All but the byte FF of a picture itself, the places where decoding may begin again, and what begins a file. */
function hasLength(marker: number): boolean {
  return marker > 0x01 && (marker < 0xd0 || marker > 0xd8);
}
