// The words of the house: one for one thing, everywhere that people read: code, comments, tests, documents (CONTRIBUTING.md,
// Style). Prints each line that has another one as file:line and fails.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDERS = ['bench', 'client', 'docs', 'examples', 'prisma', 'scripts', 'src', 'test', 'web'];
const TEXT = /\.(ts|tsx|mts|mjs|cjs|js|md|prisma)$/;
const SKIPPED = /(^|\/)(node_modules|dist|build|coverage|generated|migrations|fixtures|\.[^/]*)$/;
/** Made from others that are read here, or this very list and its examples. */
const MADE = /\.generated\.ts$|^scripts\/check-words\.mjs$|^test\/scripts\/words\.spec\.ts$/;

/** Where a sentence begins: in a comment, or a line of a document. */
const BEGINNING = String.raw`(?:\/\*\*?|\/\/\/?|^\s*[-*>|]?)(?:\s*\*\*[^*]*\*\*)?`;

/** `except`: paths where the database's or the wire's own name stands, which cannot change. */
const WORDS = [
  {
    // LEAST is also a function of SQL, and "at least" stands in a sentence in capitals.
    word: /(?<![A-Za-z]|AT )(LONGEST|LARGEST|MOST|LEAST|SHORTEST|DEEPEST|FEWEST|SMALLEST)(?![A-Za-z(])/,
    instead: 'MAX_ or MIN_',
  },
  {
    word: /\b(longest|largest|most|least|shortest|deepest|fewest|smallest)(?=[A-Z])/,
    instead: 'max\u2026 or min\u2026',
    // React Native\u2019s own: mostRecentTimeStamp.
    except: /^examples\/expo\/test\/app\.test\.tsx$/,
  },
  { word: wordIn('tells?|told|telling'), instead: 'emit, send, answer, show or return' },
  { word: wordIn('(?:un)?heard|hears?|hearing'), instead: 'receive, handle, or without a listener' },
  { word: /\b(is|was|are|has)Said|\bsay(s|ing)?(Once|So)\b|\w\.say\(/, instead: 'emit, send, show, print or announce' },
  { word: wordIn('vocabular(?:y|ies)'), instead: 'dialect' },
  {
    word: /doom/i,
    instead: 'pendingDeletion or expire',
    except:
      /^(src\/attachments\/attachment-state\.ts|prisma\/schema\.prisma|docs\/adr\/0008-.*|test\/services\/(upgrade|plans)\.spec\.ts)$/,
  },
  { word: /patien(t|ce)|\bbreaths?\b|\bheirs?\b/i, instead: '\u2026_TIMEOUT_MS, or the field\u2019s own term' },
  {
    word: /foreign(?![ _]?keys?\b|_identities|Identities\b|_origin\b)/i,
    instead: 'external, of another origin, or of others',
  },
  {
    word: /\binbox|\bby-?sequence\b|\bin-order\b|(?<![A-Za-z])inOrder|[a-z]InOrder\b|\boneOfFew\b|\bholdUsers\b|\bmayPass\b|\bworded\b/i,
    instead: 'inbound queue, sequencer, semaphore, keyed mutex',
  },
  {
    word: /\b(virtual|fake|native|dialect) ?members?\b/i,
    instead: 'virtual socket: a member is a conversation\u2019s',
  },
  {
    word: /^\s*(override |private |protected |public |static |async |\*)*(visible|locked|attached|written)\(/,
    instead: 'find\u2026, list\u2026, require\u2026 or lock\u2026',
  },
  {
    word: /\bclass Address\b|^\s*(private |get |async )*address(Of)?\(|(https?|:\/\/|\bsigned|\bbase|\bnetwork) address(es)?\b/i,
    instead: 'ipAddress, email or url',
  },
  {
    // Declared as a variable or a parameter. A column of the database and fields of Node have this name as a part of something.
    word: /\b(const|let|var) address\b|\(address\??: |, address\??: (string|URL)\b|\((\w+, )*address(, [\w{}, ]+)*\)(: [^=]+)? =>|\(address, \w+: |\baddress =>/,
    instead: 'ipAddress, email, url or token',
    except: /^(src|test\/(stories|support))\/push\//,
  },
  { word: new RegExp(String.raw`${BEGINNING} ?\bOf [^.:]*:`), instead: 'a sentence that begins with its subject' },
  { word: new RegExp(String.raw`(?:${BEGINNING}|[.:]) ?\bWhoever `), instead: 'whom it is about' },
  // `/** Who types in a conversation. */` names a thing and stays; a question is one.
  {
    word: /(?:(?<![:/])\/\/(?!\/)|[.:]|^[-*]) ?(?:\*\*)?Who (?![^.]*\?)/,
    instead: 'whom it is about: a user who \u2026',
  },
];

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const paths = [
    ...readdirSync('.').filter((name) => TEXT.test(name)),
    ...FOLDERS.flatMap((folder) => everyFile(folder)),
  ].filter((path) => !MADE.test(path));
  const violations = paths.flatMap((path) => refusedWords(path, readFileSync(path, 'utf8')));
  for (const violation of violations) console.error(violation);
  process.exitCode = violations.length === 0 ? 0 : 1;
}

/** Each line of a file that has another word than the house's. */
export function refusedWords(path, text) {
  return linesOf(path, text).flatMap((line, index) =>
    WORDS.filter(({ word, except }) => word.test(line) && !except?.test(path)).map(
      ({ word, instead }) => `${path}:${index + 1}: "${word.exec(line)?.[0].trim()}": rather ${instead}`,
    ),
  );
}

/** As a word of its own, and as one within a name: `tellAll`, `#told`, `wasTold`, `TOLD_AT`. */
function wordIn(forms) {
  const capital = forms.replaceAll(/(^|\||\?:|\()([a-z])/g, (_, before, letter) => `${before}${letter.toUpperCase()}`);
  const first = `(?:${forms}|${capital})`;
  return new RegExp(
    `(?<![A-Za-z])${first}(?![a-z])|(?<=[a-z])(?:${capital})(?![a-z])|(?<![A-Z])(?:${forms.toUpperCase()})(?![A-Z])`,
  );
}

/** Of the changelog what is to come: what was released stays as it was written. */
function linesOf(path, text) {
  const lines = text.split('\n');
  if (path !== 'CHANGELOG.md') return lines;
  const released = lines.findIndex((line) => /^## \[?\d/.test(line));
  return released === -1 ? lines : lines.slice(0, released);
}

function everyFile(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return SKIPPED.test(path) ? [] : everyFile(path);
    return TEXT.test(entry.name) ? [path] : [];
  });
}
