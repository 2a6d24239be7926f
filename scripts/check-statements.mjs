// SQL obeys the order of imports (scripts/rooms.cjs): every table has one room, and a statement names only what belongs
// to its own room and to rooms below it. Prints each violation as file:line and fails.
//   node scripts/check-statements.mjs [folder of sources] [schema.prisma] [folder of migrations]
//
// Statements are looked for in all string and template literals; what a template puts in is a literal somewhere else, and
// is checked there. Bodies of views and functions are in migrations, and may look upwards: that is what they are for. Each
// of them has a room like a table, so who may name it is decided here.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import rooms from './rooms.cjs';

const { ROOMS, READ_ONLY, READS } = rooms;

/** What each room owns. */
const OWNED = {
  database: ['database_identity'],
  audit: ['audit_log', 'refuse_audit_change'],
  relations: ['friend_pairs', 'blocked_pairs', 'shown_pairs', 'shown_co_members', 'memberships'],
  presence: ['presence_nodes', 'presences', 'last_seen', 'online_users', 'attentions'],
  attachments: ['attachments', 'kept_attachments'],
  users: ['users'],
  auth: [
    'sessions',
    'session_endings',
    'refresh_tokens',
    'one_time_codes',
    'pending_registrations',
    'foreign_identities',
    'ended_identities',
  ],
  friends: ['friend_requests', 'friendships', 'blocks'],
  conversations: [
    'conversations',
    'conversation_members',
    'append_system_message',
    'shown_event',
    'uncounted_messages',
    'hidden_places',
    'written_places',
  ],
  messages: [
    'messages',
    'message_reactions',
    'hidden_messages',
    'message_search',
    'message_search_progress',
    'judged_sender',
    'judged_message',
    'moment_after',
    'store_message',
    'store_messages',
  ],
  moderation: ['reports'],
  retention: ['conversation_retention'],
  integrations: [
    'api_keys',
    'api_key_sessions',
    'bots',
    'webhooks',
    'webhook_events',
    'webhook_progress',
    'webhook_deliveries',
    'webhook_former_secrets',
    'is_event_followed',
    'note_message_event',
    'note_user_event',
    'note_friendship_event',
    'note_conversation_event',
    'note_member_event',
    'note_report_event',
  ],
  push: ['push_devices', 'push_log', 'push_notices', 'push_progress', 'push_tickets'],
};

const STATEMENT =
  /\b(SELECT|INSERT|UPDATE|DELETE|FROM|JOIN|EXISTS|TRUNCATE|LOCK|MERGE)\b|\b(select\s|insert\s+into|update\s+\w+\s+set|delete\s+from|truncate\s)/;
const WRITE =
  /\b(INSERT\s+INTO|UPDATE|DELETE\s+FROM|TRUNCATE|MERGE|FOR\s+(NO\s+KEY\s+)?UPDATE|FOR\s+(KEY\s+)?SHARE)\b/i;
const MODEL_CALLS =
  'findMany|findFirst|findFirstOrThrow|findUnique|findUniqueOrThrow|create|createMany|createManyAndReturn|update|updateMany|upsert|delete|deleteMany|count|aggregate|groupBy';
const MODEL_CALL = new RegExp(`^(${MODEL_CALLS})$`);

const ownerOf = new Map(Object.entries(OWNED).flatMap(([room, names]) => names.map((name) => [name, room])));
const named = new RegExp(`(?<![.\\w'])"?(${[...ownerOf.keys()].join('|')})\\b"?(?!\\s*\\.)`, 'g');

/** @returns {string[]} each violation as file:line and what is wrong there */
export function misplacedStatements(
  sources = 'src',
  schema = 'prisma/schema.prisma',
  migrations = 'prisma/migrations',
) {
  const violations = [];

  const models = new Map(
    [...readFileSync(schema, 'utf8').matchAll(/^model (\w+) \{.*?@@map\("(\w+)"\)/gms)].map(([, model, table]) => [
      model[0].toLowerCase() + model.slice(1),
      table,
    ]),
  );
  for (const table of models.values())
    if (!ownerOf.has(table))
      violations.push(`${schema}: table ${table} has no room: give it one in ${import.meta.url}`);
  const made = new Set(models.values());
  for (const name of readdirSync(migrations).sort())
    if (!name.includes('.'))
      for (const [, kind, relation] of readFileSync(join(migrations, name, 'migration.sql'), 'utf8').matchAll(
        /^\s*(?:CREATE(?: OR REPLACE)?|DROP) (VIEW|FUNCTION|TABLE|UNLOGGED TABLE)(?: IF (?:NOT )?EXISTS)? "?(\w+)"?/gm,
      ))
        if (kind === 'VIEW' || kind === 'FUNCTION') made.add(relation);
  for (const relation of ownerOf.keys())
    if (!made.has(relation)) violations.push(`${migrations}: ${relation}, which has a room, is nowhere made`);

  const modelName = new RegExp(`\\b(${[...models.keys()].join('|')})\\b`);
  const modelCall = new RegExp(`\\b(${MODEL_CALLS})\\b`);
  for (const path of files(sources)) {
    const room = path.slice(sources.length + 1).split('/')[0];
    const source = readFileSync(path, 'utf8');
    // Three of four files have no word of a statement nor of a call of a model: they need not be parsed.
    if (!STATEMENT.test(source) && !(modelName.test(source) && modelCall.test(source))) continue;
    const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);
    const report = (position, text) => {
      const { line } = file.getLineAndCharacterOfPosition(position);
      violations.push(`${path}:${line + 1}: ${text}`);
    };
    const check = (relation, position, writes) => {
      const owner = ownerOf.get(relation);
      if (owner === room) return;
      if (ROOMS[room] === undefined)
        return report(position, `${relation} is named, and ${room} has no place in the order of rooms`);
      const isBelow = ROOMS[room].includes(owner);
      if (!isBelow && !READS[room]?.includes(owner))
        report(position, `${relation} is of ${owner}, which ${room} may not name`);
      else if (writes && (!isBelow || READ_ONLY.includes(room)))
        report(position, `${room} only reads what is of ${owner}, and here it writes where ${relation} is named`);
    };
    const visit = (node) => {
      if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) {
        // A piece of a template belongs to all of it.
        const whole = ts.isStringLiteralLike(node) ? node : ts.isTemplateHead(node) ? node.parent : node.parent.parent;
        const statement = whole.getText(file);
        if (STATEMENT.test(statement))
          for (const match of node.text.matchAll(named))
            check(match[1], node.getStart(file) + 1 + match.index, WRITE.test(statement));
      } else if (
        ts.isPropertyAccessExpression(node) &&
        MODEL_CALL.test(node.name.text) &&
        ts.isPropertyAccessExpression(node.expression) &&
        models.has(node.expression.name.text)
      )
        check(
          models.get(node.expression.name.text),
          node.getStart(file),
          !/^(find|count|aggregate|groupBy)/.test(node.name.text),
        );
      ts.forEachChild(node, visit);
    };
    visit(file);
  }
  return violations;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const violations = misplacedStatements(...process.argv.slice(2));
  for (const violation of violations) console.error(violation);
  process.exitCode = violations.length === 0 ? 0 : 1;
}

function files(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name).replaceAll('\\', '/');
    if (entry.isDirectory()) return path.endsWith('/generated') ? [] : files(path);
    return path.endsWith('.ts') && !path.endsWith('.spec.ts') ? [path] : [];
  });
}
