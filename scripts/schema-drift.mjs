// Whether the migrations lead to schema.prisma. Of development alone: Prisma's packages are no part of a server.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from '@prisma/driver-adapter-utils';
import pg from 'pg';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const SCHEMA = join(ROOT, 'prisma', 'schema.prisma');

/**
 * The SQL that would turn the database into what schema.prisma says; '' where they agree. What that language cannot
 * say is no difference: functions, triggers, checks, and indexes that are more than a plain B-tree over columns.
 * A new migration starts from it.
 */
export async function schemaDrift(connectionString) {
  const schema = { files: [{ path: SCHEMA, content: await readFile(SCHEMA, 'utf8') }] };
  const pool = new pg.Pool({ connectionString, max: 2 });
  pool.on('error', () => undefined);
  // The server reads bigint as numbers, in the whole process; the engine wants every digit, of the ends of sequences.
  const { INT8 } = pg.types.builtins;
  const parser = pg.types.getTypeParser(INT8);
  pg.types.setTypeParser(INT8, String);
  try {
    const engine = await openEngine(pool, schema.files[0]?.content ?? '');
    try {
      const { stdout } = await engine.diff({
        from: { tag: 'schemaDatasource', ...schema, configDir: ROOT },
        to: { tag: 'schemaDatamodel', ...schema },
        script: true,
        exitCode: null,
        filters: { externalTables: [], externalEnums: [] },
      });
      return await withoutInexpressibleIndexes(stdout ?? '', pool);
    } finally {
      engine.free();
    }
  } finally {
    pg.types.setTypeParser(INT8, parser);
    await pool.end();
  }
}

async function withoutInexpressibleIndexes(script, pool) {
  const { rows } = await pool.query(
    `SELECT class.relname AS name FROM pg_index
     JOIN pg_class class ON class.oid = indexrelid JOIN pg_am am ON am.oid = class.relam
     WHERE class.relnamespace = current_schema()::regnamespace
       AND (indpred IS NOT NULL OR indexprs IS NOT NULL OR indnatts > indnkeyatts OR am.amname <> 'btree'
         OR EXISTS (SELECT FROM pg_opclass operators WHERE operators.oid = ANY (indclass) AND NOT operators.opcdefault))`,
  );
  const ours = new Set(rows.map((row) => `DROP INDEX "${row.name}";`));
  return script
    .split(/\n\n(?=-- )/)
    .filter((step) => !ours.has(step.replace(/^-- DropIndex\n/, '').trim()))
    .join('\n\n')
    .replace(/^-- This is an empty migration\.\s*/, '')
    .trim();
}

let loadedEngine;

/**
 * Prisma's schema engine as WebAssembly: the native one would have to be downloaded. Only where a diff is asked for, and
 * once in a process: its bindings keep one memory for all.
 */
async function loadEngine() {
  const bindings = await import('@prisma/schema-engine-wasm/schema_engine_bg');
  const directory = dirname(createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg'));
  const module = await WebAssembly.compile(await readFile(join(directory, 'schema_engine_bg.wasm')));
  const { exports } = await WebAssembly.instantiate(module, { './schema_engine_bg.js': bindings });
  bindings.__wbg_set_wasm(exports);
  exports.__wbindgen_start();
  // Without it a panic of the engine shows as a bare "unreachable".
  Object.assign(globalThis, {
    PRISMA_WASM_PANIC_REGISTRY: {
      set_message: (message) => process.stderr.write(`schema engine: ${message}\n`),
    },
  });
  return bindings.SchemaEngine;
}

async function openEngine(pool, schema) {
  loadedEngine ??= loadEngine();
  const engine = await loadedEngine;
  const adapter = bindMigrationAwareSqlAdapterFactory(await describingAdapter(pool));
  return engine.new({ datamodels: [[SCHEMA, schema]] }, () => undefined, adapter);
}

/** Prisma's adapter, but able to read PostgreSQL's internal "char" type, of which the catalogues are full. */
async function describingAdapter(pool) {
  const { CHAR, TEXT } = pg.types.builtins;
  const charColumns = new WeakMap();
  const query = pool.query.bind(pool);
  const readableQuery = async (...parameters) => {
    const result = await query(...parameters);
    const chars = result.fields.flatMap((field, column) => (field.dataTypeID === CHAR ? [column] : []));
    for (const column of chars) result.fields[column].dataTypeID = TEXT;
    charColumns.set(result.rows, chars);
    return result;
  };

  const factory = new PrismaPg(Object.assign(pool, { query: readableQuery }));
  const connect = factory.connect.bind(factory);
  factory.connect = async () => {
    const adapter = await connect();
    const queryRaw = adapter.queryRaw.bind(adapter);
    adapter.queryRaw = async (statement) => {
      const result = await queryRaw(statement);
      for (const column of charColumns.get(result.rows) ?? []) result.columnTypes[column] = ColumnTypeEnum.Character;
      return result;
    };
    return adapter;
  };
  return factory;
}
