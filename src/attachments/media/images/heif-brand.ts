const MAX_BRANDS_BYTES = 512;
const HEVC: ReadonlySet<string> = new Set(['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs']);

/** The brands that a file in the frame of MPEG-4 names, the first of them its own; none for any other file. */
export function brandsOf(beginning: Buffer): string[] {
  if (beginning.length < 16 || beginning.toString('latin1', 4, 8) !== 'ftyp') return [];
  const end = Math.min(beginning.readUInt32BE(0), beginning.length, MAX_BRANDS_BYTES);
  const brands: string[] = [];
  for (let at = 8; at + 4 <= end; at += 4) {
    const brand = beginning.toString('latin1', at, at + 4);
    // Its version, which is a brand, too, where the description is of the short form.
    if (at !== 12 || brands[0] === 'mif3') brands.push(brand);
  }
  return brands;
}

/**
 * Names, in place, its coding as the brand of a picture: decoders look at that one alone, and some cameras and encoders put
 * there what the file is built like, or that there is more than one picture.
 */
export function nameCoding(file: Buffer): void {
  const brands = brandsOf(file);
  if (brands.length === 0) return;
  const coding = brands.some((brand) => brand === 'avif' || brand === 'avis')
    ? 'avif'
    : brands.some((brand) => HEVC.has(brand))
      ? 'heic'
      : undefined;
  if (coding !== undefined) file.write(coding, 8, 'latin1');
}
