// Rules of the house that no import shows. Prints each violation as file:line and fails.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Text that runs in a browser, as a client like any other: what holds for the server alone does not hold for it. */
const PAGE = /\.page\.ts$/;

const RULES = [
  {
    rule: 'an optional field is an OptionalField, so that no service is given null (here null means something)',
    pattern: /@?\bIsOptional\(\)/,
    except:
      /^src\/(common\/validation\/optional-field\.decorator|conversations\/dto\/conversations\.dto|realtime\/protocol\/client-events\.dto)\.ts$/,
  },
  {
    rule: 'only src/config reads the environment',
    pattern: /process\.env/,
    except: /^src\/(config\/|database\/embedded\/)/, // three variables are handed to the programs of PostgreSQL
  },
  {
    rule: 'only the broadcaster sends to clients',
    pattern: /\b(server|io|sockets|socket|audience)(\?)?\.(emit|to|in|except)\(/,
    except: /^src\/realtime\/delivery\/(broadcaster|rooms)\.ts$/,
    inPages: false,
  },
  {
    rule: 'only room-names.ts puts a room name together',
    pattern: /[`'"](user|session|conversation|open):(\$\{|['"`]\s*\+)/,
    except: /^src\/realtime\/delivery\/room-names\.ts$/,
  },
  {
    rule: 'services know no transport',
    pattern:
      /\b(HttpException|WsException|BadRequestException|NotFoundException|ForbiddenException|UnauthorizedException|ConflictException)\b/,
    except: /^src\/http\/problem\.filter\.ts$|\.guard\.ts$/,
  },
  {
    rule: 'there is one kind of transaction: database.transaction() and readWithin() (docs/adr/0015)',
    pattern:
      /\$transaction\b|\$(query|execute)Raw|\bPoolClient\b|\bpool\.connect\(|['"`]\s*(BEGIN|START TRANSACTION|COMMIT|ROLLBACK|SAVEPOINT)\b/i,
    except: /^src\/database\//,
  },
  {
    rule: 'private members of libraries stay behind realtime/engine, http/engine and database, where a contract spec holds them',
    pattern:
      /[\w)\]]\??\._[a-z]|\b(writeToEngine|writeBuffer|sendPacket|wsPreEncodedFrame|notifyOutgoingListeners|packetsFn|doClose)\b|\b(socket|server|adapter|namespace|connection|request|pool)\b as unknown as|as unknown as \{|\bReflect\.getMetadata\b|@nestjs\/[\w-]+\/[\w-]+/i,
    // Where class-validator keeps its classes, validated-classes.spec.ts holds.
    except: /^src\/((realtime\/engine|http\/engine|database)\/|docs\/validated-classes\.ts$)/,
    inPages: false,
  },
  {
    rule: 'statements stand in repositories: services keep the rules',
    pattern: /\.(query|queryAtomically)\s*[<(]/,
    // A leaf's store, what other features ask and lock by, and the path of a message, whose statement and retries are one.
    except:
      /\.repository\.ts$|^src\/(database\/|presence\/presence-store|friends\/contacts\/contacts|users\/locked-users|messages\/sending\/message-writer|observability\/health\.controller)/,
  },
  {
    rule: 'no mapped types: they load packages of their own, whose decorators know nothing of those in the bundle',
    pattern: /\b(IntersectionType|PartialType|PickType|OmitType)\b/,
  },
  { rule: 'no forwardRef', pattern: /\bforwardRef\b/ },
  { rule: 'no any in what is exported', pattern: /^export .*(:|<|,)\s*any\b/ },
  {
    rule: 'no reads of the clock around Clock in features',
    pattern: /\bDate\.now\(\)/,
    except: /^src\/(common\/(clock|identifier)|database\/|realtime\/engine\/recovery\/recovery-adapter)/,
  },
];

/** A statement that only locks: what it locks is let go at once where it is no part of a transaction. */
const LOCK =
  /([\w.]+)\s*\.query(?:Atomically)?(?:<[^(]*>)?\(\s*(?:`\s*SELECT\b[^`]*\bFOR (?:NO KEY )?(?:UPDATE|(?:KEY )?SHARE)\b[^`()]*`|'SELECT\b[^']*\bFOR (?:NO KEY )?(?:UPDATE|(?:KEY )?SHARE)\b[^'()]*')/g;
/** Asks which conversations are locked, and keeps no lock. */
const LOCKS_NOTHING = 'src/messages/sending/message-writer.ts';

const dialects = readdirSync('src/dialects', { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'transport')
  .map(({ name }) => name);

const violations = [];
for (const path of sources('src')) {
  if (/(^|\/)index\.ts$/.test(path)) violations.push(`${path}:1: no barrels`);
  const lines = readFileSync(path, 'utf8').split('\n');
  lines.forEach((line, index) => {
    if (/^\s*(\*|\/\/|\/\*)/.test(line)) return;
    for (const name of dialects) {
      const isItsOwn = path.startsWith(`src/dialects/${name}/`) || path === 'src/dialects/dialects.ts';
      if (line.includes(name) && !isItsOwn)
        violations.push(`${path}:${index + 1}: nobody names a dialect but its folder and its line in dialects.ts`);
    }
    for (const { rule, pattern, except, inPages = true } of RULES) {
      if (!inPages && PAGE.test(path)) continue;
      if (pattern.test(line) && !except?.test(path)) violations.push(`${path}:${index + 1}: ${rule}`);
    }
  });
}
for (const path of sources('src')) {
  const text = readFileSync(path, 'utf8');
  for (const match of text.matchAll(LOCK))
    if (match[1] !== 'transaction' && path !== LOCKS_NOTHING)
      violations.push(
        `${path}:${text.slice(0, match.index).split('\n').length}: rows are locked by a Transaction alone (docs/adr/0015)`,
      );
}
for (const name of readdirSync('scripts'))
  readFileSync(join('scripts', name), 'utf8')
    .split('\n')
    .forEach((line, index) => {
      if (dialects.some((dialect) => line.includes(dialect)))
        violations.push(
          `scripts/${name}:${index + 1}: nobody names a dialect but its folder and its line in dialects.ts`,
        );
    });
// The client's own: everything from outside comes through a port, so that tests can run in virtual time.
const PLATFORM =
  /(?<![\w.#])(Date\.now\(|new Date\(\)|Math\.random\(|setTimeout\(|setInterval\(|performance\.|crypto\.|navigator\.|globalThis)/;
const PLATFORM_PORTS =
  /^client\/src\/(ports\/(platform|page|object-urls|socket-io|web-socket|environment)|storage\/|tabs\/(broadcast-channel|web-lock)|react\/(hooks|ends-of-mutes)|react-native\/|web-push\/)/;
for (const path of sources('client/src')) {
  if (PLATFORM_PORTS.test(path)) continue;
  readFileSync(path, 'utf8')
    .split('\n')
    .forEach((line, index) => {
      if (/^\s*(\*|\/\/|\/\*)/.test(line) || !PLATFORM.test(line)) return;
      violations.push(`${path}:${index + 1}: only the client's ports read the clock, randomness and the platform`);
    });
}
// A file of tests is about one subject, and no longer than a reader follows it.
const MAX_TEST_LINES = 600;
for (const path of ['src', 'client/src', 'client/test', 'web/src', 'test', 'examples'].flatMap(everyTest)) {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n').length;
  if (lines > MAX_TEST_LINES)
    violations.push(
      `${path}:${MAX_TEST_LINES}: a file of tests has ${MAX_TEST_LINES} lines at the most: split it by subject`,
    );
}
for (const violation of violations) console.error(violation);
process.exit(violations.length === 0 ? 0 : 1);

function sources(folder) {
  return everyFile(folder).filter((path) => !path.endsWith('.spec.ts'));
}

function everyTest(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name).replaceAll('\\', '/');
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : everyTest(path);
    return /\.(spec|test)\.tsx?$/.test(path) ? [path] : [];
  });
}

function everyFile(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name).replaceAll('\\', '/');
    if (entry.isDirectory()) return path.endsWith('/generated') ? [] : everyFile(path);
    return path.endsWith('.ts') ? [path] : [];
  });
}
