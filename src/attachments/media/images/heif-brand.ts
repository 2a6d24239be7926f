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

/**
 * The most pixels, as width and height, that a picture in a file of HEIF says to be coded with. What is cut out of it to be shown
 * (`clap`) is less, and the decoder takes all of it: the coding may not be larger than this says.
 */
export function codedSize(file: Buffer): { width: number; height: number } {
  let largest = { width: 0, height: 0 };
  for (const description of descriptionsIn(file))
    for (let at = description.indexOf('ispe'); at !== -1; at = description.indexOf('ispe', at + 4)) {
      if (at + 16 > description.length) break;
      const [width, height] = [description.readUInt32BE(at + 8), description.readUInt32BE(at + 12)];
      if (width * height > largest.width * largest.height) largest = { width, height };
    }
  return largest;
}

/** What describes the pictures of a file, apart from their own bytes, in which any word may stand by chance. */
function* descriptionsIn(file: Buffer): Generator<Buffer> {
  for (let at = 0; at + 16 <= file.length; ) {
    const short = file.readUInt32BE(at);
    const length = short === 1 ? Number(file.readBigUInt64BE(at + 8)) : short === 0 ? file.length - at : short;
    if (length < 8) return;
    if (file.toString('latin1', at + 4, at + 8) === 'meta') yield file.subarray(at, at + length);
    at += length;
  }
}
