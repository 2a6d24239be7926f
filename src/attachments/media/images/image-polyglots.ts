/** Longest comment of a ZIP archive, and its last record before that. */
const ZIP_END = 22;
/** The record that a large archive has right before it. */
const ZIP_LOCATOR = 20;
const MAX_ZIP_COMMENT_BYTES = 65_535;

/** Beginnings of other things that work wherever in a file they stand: no image needs to hold any of them. */
const OTHER_FORMATS = [
  '<script',
  '<!doctype html',
  '<iframe',
  'xmlns="http://www.w3.org/2000/svg"',
  '%pdf-1.',
  '%pdf-2.',
  '\x7felf\x02\x01\x01',
  'rar!\x1a\x07',
  '7z\xbc\xaf\x27\x1c',
];

/**
 * Shorter beginnings, which chance alone writes into one of some ten thousand photographs: with the end of the word and the
 * readable text that follow where somebody means them.
 */
const SHORT_BEGINNINGS = [/<html[\t\n\f\r />][\t\n\f\r -~]{4}/, /<\?php[\t\n\r ][\t\n\f\r -~]{4}/];

/**
 * Whether an image is, to another program, something else as well: an archive, a page, a document. Such a file is made
 * on purpose. What cameras append to their pictures (films, second pictures) is none of these.
 */
export function isPolyglot(file: Buffer): boolean {
  // One character a byte, so that no byte is lost, and in one case.
  const text = file.toString('latin1').toLowerCase();
  return (
    OTHER_FORMATS.some((beginning) => text.includes(beginning)) ||
    SHORT_BEGINNINGS.some((beginning) => beginning.test(text)) ||
    endsAsZip(file)
  );
}

/**
 * An archive is read from its end: its last record says how long the comment after it is, up to the file's own end, and where its
 * directory is, by its length or by its place. Of a large one another record before it says that.
 */
function endsAsZip(file: Buffer): boolean {
  const from = Math.max(0, file.length - ZIP_END - MAX_ZIP_COMMENT_BYTES);
  for (
    let at = file.indexOf('PK\x05\x06', from, 'latin1');
    at !== -1;
    at = file.indexOf('PK\x05\x06', at + 1, 'latin1')
  ) {
    if (at + ZIP_END > file.length) break;
    const isWithinFile = at + ZIP_END + file.readUInt16LE(at + 20) <= file.length;
    const isAt = (place: number, mark: string): boolean => file.toString('latin1', place, place + 4) === mark;
    const [length, place] = [file.readUInt32LE(at + 12), file.readUInt32LE(at + 16)];
    const hasDirectory = isAt(Math.max(0, at - length), 'PK\x01\x02') || isAt(place, 'PK\x01\x02');
    if (isWithinFile && (hasDirectory || isAt(Math.max(0, at - ZIP_LOCATOR), 'PK\x06\x07'))) return true;
  }
  return false;
}
