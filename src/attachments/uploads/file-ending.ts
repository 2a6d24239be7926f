/** Other endings that files of a type have, by the one that its content says. */
const SPELLINGS: Readonly<Record<string, readonly string[]>> = {
  jpg: ['jpeg', 'jpe', 'jfif'],
  mp4: ['m4v', '3gp', '3g2', 'mov'],
  mov: ['qt', 'mp4'],
  '3gp': ['3g2', 'mp4', 'amr'],
  '3g2': ['3gp', 'mp4'],
  mpg: ['mpeg', 'vob', 'm2p'],
  mts: ['ts', 'm2ts', 'm2t'],
  flv: ['f4v'],
  ogg: ['oga', 'ogv', 'opus'],
  ogv: ['ogg'],
  opus: ['ogg', 'oga'],
  m4a: ['mp4', 'aac', '3gp', '3g2', 'm4b', 'm4r'],
  mka: ['mkv'],
  wmv: ['asf'],
  aif: ['aiff', 'aifc'],
  heic: ['heif'],
  webm: ['weba'],
  pdf: ['ai'],
  rtf: ['doc'],
  png: ['apng'],
  apng: ['png'],
  ico: ['cur'],
  bmp: ['dib'],
  psd: ['psb'],
  rar: ['cbr', 'rev'],
  html: ['htm', 'xhtml', 'shtml', 'php'],
};
/**
 * Types that many others are built on, or that look alike at their beginning: what they are exactly says the name, as long as it does
 * not say something that its content would show.
 */
const FAMILIES: ReadonlySet<string> = new Set([
  ...[
    'zip',
    'cfb',
    'gz',
    'tar',
    'bz2',
    'xz',
    'zst',
    'xml',
    'html',
    'txt',
    'sqlite',
    'elf',
    'macho',
    'exe',
    'ps',
    'eps',
    'ogx',
    'svg',
  ],
]);
/** What a content says by itself: a name that claims one of these and holds something else is wrong. */
const CLAIMS: ReadonlySet<string> = new Set([
  ...[
    'jpg',
    'jpeg',
    'png',
    'gif',
    'webp',
    'avif',
    'heic',
    'heif',
    'bmp',
    'ico',
    'psd',
    'tif',
    'tiff',
    'svg',
    'pdf',
    'rtf',
  ],
  ...['mp4', 'm4v', 'mov', 'webm', 'mkv', 'avi', 'wmv', 'flv', 'mpg', 'mpeg', '3gp'],
  ...['mp3', 'm4a', 'ogg', 'oga', 'opus', 'wav', 'flac', 'aac', 'amr', 'aif', 'aiff', 'wma', 'mka'],
  ...['7z', 'rar', 'docx', 'xlsx', 'pptx', 'odt', 'ods', 'odp', 'epub', 'zip'],
]);
/** What a computer runs when somebody opens it. */
const RUN: ReadonlySet<string> = new Set([
  ...[
    'exe',
    'com',
    'scr',
    'pif',
    'cpl',
    'msi',
    'msp',
    'bat',
    'cmd',
    'ps1',
    'vbs',
    'vbe',
    'js',
    'jse',
    'wsf',
    'wsh',
    'hta',
    'jar',
  ],
  ...[
    'lnk',
    'url',
    'reg',
    'app',
    'command',
    'sh',
    'apk',
    'deb',
    'rpm',
    'desktop',
    'html',
    'htm',
    'xhtml',
    'mht',
    'chm',
  ],
]);
/** What else there is of a family among those: documents that are archives, programs that are texts. */
const BUILT_ON: Readonly<Record<string, RegExp>> = {
  zip: /^(docx|xlsx|pptx|od[tsp]|epub|jar|apk|app)$/,
  cfb: /^(msi|msp)$/,
  exe: /^(com|scr|pif|cpl)$/,
  xml: /^(svg|x?html?|hta|wsf|mht)$/,
  html: /^(hta|mht|js)$/,
  txt: /^(bat|cmd|command|ps1|vbs|vbe|js|jse|wsf|wsh|hta|reg|url|sh|desktop|x?html?|mht)$/,
};

/**
 * A name that ends as its content says. A wrong ending of a known type is replaced, any other is followed by the right one; what ends as
 * something that is run does not say before that that it is a picture, and nothing becomes what is run.
 * @param extension what files of its type end with; undefined where nobody knows.
 */
export function withEnding(name: string, extension: string | undefined): string {
  const given = endingOf(name);
  const right = extension === undefined || isRight(given, extension) ? name : corrected(name, given, extension);
  return withoutClaim(right);
}

function corrected(name: string, given: string | undefined, extension: string): string {
  const isKnown = given !== undefined && (CLAIMS.has(given) || RUN.has(given) || FAMILIES.has(given));
  const stem = isKnown ? name.slice(0, name.lastIndexOf('.')) : name;
  // Nobody's file becomes one that is run: what its name claimed it is not is only bytes.
  if (isKnown && (RUN.has(extension) || extension === 'svg')) return `${stem}.bin`;
  return isRight(endingOf(stem), extension) && !FAMILIES.has(extension) ? stem : `${stem}.${extension}`;
}

function isRight(given: string | undefined, extension: string): boolean {
  if (given === extension || (given !== undefined && SPELLINGS[extension]?.includes(given) === true)) return true;
  if (!FAMILIES.has(extension)) return false;
  if (given === undefined || isBuiltOn(given, extension)) return true;
  return !CLAIMS.has(given) && !RUN.has(given);
}

function isBuiltOn(given: string, extension: string): boolean {
  return BUILT_ON[extension]?.test(given) === true;
}

function withoutClaim(name: string): string {
  const given = endingOf(name);
  if (given === undefined || !RUN.has(given)) return name;
  const stem = name.slice(0, name.lastIndexOf('.'));
  const claim = endingOf(stem);
  return claim !== undefined && CLAIMS.has(claim)
    ? withoutClaim(`${stem.slice(0, stem.lastIndexOf('.'))}.${given}`)
    : name;
}

function endingOf(name: string): string | undefined {
  return /(?<=.)\.([^.\s]{1,15})\s*$/.exec(name)?.[1]?.toLowerCase();
}
