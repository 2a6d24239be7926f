// The bodies of the database's functions, held against the schema: to PostgreSQL the body of a PL/pgSQL function is text until it
// runs, so a column that is gone would be found by whoever calls it.
//
// Each statement and expression of a body becomes the body of a function in SQL, whose parameters are the variables that the
// statement sees: such a body PostgreSQL does look at, when the function is made. That of a trigger is looked at for each of its
// tables. What is written in another way than the functions so far (loops, EXECUTE) is a fault, so that nothing is left out.

/** What PL/pgSQL itself defines, in every body and in that of a trigger. */
const SPECIAL = [['found', 'boolean']];
const SPECIAL_OF_TRIGGERS = [
  ['tg_op', 'text'],
  ['tg_table_name', 'text'],
];

/**
 * Looks at every function of the current schema; changes nothing.
 * @param {import('pg').Client} client
 * @returns {Promise<{ faults: string[], checked: number }>} `checked`: statements and expressions.
 */
export async function checkFunctions(client) {
  const faults = [];
  let checked = 0;
  await client.query('BEGIN; SET LOCAL check_function_bodies = on');
  try {
    for (const made of await functionsOf(client)) {
      const attempt = async (text, statement, table) => {
        checked += 1;
        await client.query('SAVEPOINT attempt');
        await client.query(text).catch((error) => {
          const where = table === undefined ? '' : ` on ${table}`;
          faults.push(
            `function ${made.name}${where}: ${error.message}: ${statement.replaceAll(/\s+/g, ' ').trim().slice(0, 120)}`,
          );
        });
        await client.query('ROLLBACK TO SAVEPOINT attempt');
      };
      if (made.language === 'sql') {
        await attempt(made.definition, made.body);
        continue;
      }
      const { variables, statements, unknown } = partsOf(made.body);
      for (const statement of unknown)
        faults.push(`function ${made.name}: cannot be looked at: ${statement.slice(0, 80)}`);
      for (const trigger of made.triggers.length > 0 ? made.triggers : [undefined]) {
        const parameters = new Map([...SPECIAL, ...made.parameters, ...variables]);
        if (trigger !== undefined)
          for (const [name, type] of [...SPECIAL_OF_TRIGGERS, ['new', trigger.table], ['old', trigger.table]])
            parameters.set(name, type);
        const list = [...parameters].map(([name, type]) => `"${name}" ${type}`).join(', ');
        await client.query('SAVEPOINT trigger');
        for (const name of trigger?.transitionTables ?? [])
          await client.query(`CREATE TEMPORARY VIEW "${name}" AS SELECT * FROM ${trigger.table}`);
        for (const statement of statements)
          await attempt(
            `CREATE FUNCTION pg_temp."${made.name}"(${list}) RETURNS void LANGUAGE sql AS ${quoted(statement)}`,
            statement,
            trigger?.table,
          );
        await client.query('ROLLBACK TO SAVEPOINT trigger');
      }
    }
  } finally {
    await client.query('ROLLBACK');
  }
  return { faults, checked };
}

async function functionsOf(client) {
  const { rows } = await client.query(
    `SELECT p.proname AS name, l.lanname AS language, p.prosrc AS body, pg_get_functiondef(p.oid) AS definition,
       COALESCE((
         SELECT json_agg(json_build_array(argument.name, format_type(argument.type, NULL)) ORDER BY argument.position)
         FROM unnest(p.proargnames, COALESCE(p.proallargtypes, p.proargtypes::oid[])) WITH ORDINALITY
           AS argument(name, type, position)
         WHERE argument.name <> ''
       ), '[]') AS parameters,
       COALESCE((
         SELECT json_agg(json_build_object('table', t.tgrelid::regclass::text,
           'transitionTables', array_remove(ARRAY[t.tgnewtable, t.tgoldtable]::text[], NULL)))
         FROM pg_trigger t WHERE t.tgfoid = p.oid AND NOT t.tgisinternal
       ), '[]') AS triggers
     FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
     WHERE p.prokind IN ('f', 'p') AND p.pronamespace = current_schema()::regnamespace AND l.lanname IN ('sql', 'plpgsql')
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
     ORDER BY p.proname`,
  );
  return rows;
}

/**
 * A body in PL/pgSQL, taken apart: its variables by name and type, and what is to be looked at, as statements of SQL.
 * @returns {{ variables: [string, string][], statements: string[], unknown: string[] }}
 */
export function partsOf(body) {
  const variables = [];
  const statements = [];
  const unknown = [];
  const expression = (text) => statements.push(`SELECT ${text}`);
  let isDeclaring = false;
  for (const piece of body
    .replaceAll(/^#.*$/gm, '')
    .split(/(?<=;)/)
    .reduce(joined, [])) {
    let rest = piece.replace(/;\s*$/, '').trim();
    if (/^DECLARE\b/i.test(rest)) isDeclaring = true;
    rest = rest.replace(/^DECLARE\b\s*/i, '');
    if (/^BEGIN\b/i.test(rest)) {
      isDeclaring = false;
      rest = rest.replace(/^BEGIN\b\s*/i, '');
    }
    if (isDeclaring) {
      const [, name, type, value] =
        /^"?(\w+)"?\s+(?:CONSTANT\s+)?(.+?)(?:\s*(?::=|\bDEFAULT\b)\s*([^]+))?$/i.exec(rest) ?? [];
      if (type === undefined) unknown.push(rest);
      else variables.push([name, type]);
      if (value !== undefined) expression(value);
      continue;
    }
    for (;;) {
      const branch = /^(ELSE\b|(?:ELS)?IF\b)(?:(?<!ELSE)([^]*?)\bTHEN\b)?\s*/i.exec(withoutCases(rest));
      if (branch === null) break;
      const [whole, word, condition] = branch;
      if (condition !== undefined) expression(rest.slice(word.length, word.length + condition.length));
      rest = rest.slice(whole.length);
    }
    look(rest, { statements, expression, unknown });
  }
  return { variables, statements, unknown };
}

function look(text, { statements, expression, unknown }) {
  if (text === '' || /^(END(\s+IF)?|NULL|RETURN(\s+(NULL|NEW|OLD))?)$/i.test(text)) return;
  const [, kind, rest = ''] = /^(PERFORM|RETURN\s+QUERY|RETURN|RAISE)\b\s*([^]*)$/i.exec(text) ?? [];
  if (kind === undefined) {
    const assignment = /^([\w".]+)\s*:?=\s*([^]+)$/.exec(text);
    if (assignment !== null) {
      expression(assignment[1]);
      expression(assignment[2]);
    } else if (/^(SELECT|INSERT|UPDATE|DELETE|WITH)\b/i.test(text)) {
      // Where its result goes is no part of the statement. INSERT INTO stays.
      const into = /(?<!\bINSERT\s+)\bINTO\s+(?:STRICT\s+)?((?:[\w".]+\s*,\s*)*[\w".]+)/i.exec(text);
      statements.push(into === null ? text : text.replace(into[0], ''));
      for (const target of into?.[1].split(',') ?? []) expression(target.trim());
    } else unknown.push(text);
  } else if (/^RETURN\s+QUERY$/i.test(kind)) statements.push(rest);
  else if (/^RAISE$/i.test(kind)) {
    const [, values, options] = /^(?:\w+\s+)?(?:'(?:[^']|'')*'\s*,?\s*)?([^]*?)(?:\bUSING\b([^]*))?$/i.exec(rest) ?? [];
    if (values?.trim()) expression(values);
    if (options !== undefined) expression(options.replaceAll(/\b[A-Z]+\s*=(?!=)/gi, ''));
  } else expression(rest);
}

/** Pieces between semicolons, where those within quotes and comments end nothing; comments are left out. */
function joined(pieces, part) {
  const before = pieces.at(-1);
  const isOpen = before !== undefined && !isWhole(before);
  if (isOpen) pieces[pieces.length - 1] = before + part;
  else pieces.push(part);
  const last = pieces.length - 1;
  if (isWhole(pieces[last]))
    pieces[last] = pieces[last].replaceAll(/'(?:[^']|'')*'|--[^\n]*/g, (found) =>
      found.startsWith('--') ? '' : found,
    );
  return pieces;
}

const isWhole = (text) => {
  const left = text.replaceAll(/'(?:[^']|'')*'|--[^\n]*\n/g, '');
  return !left.includes("'") && !/--[^\n]*$/.test(left);
};

/** The same length, without the words of CASE, whose THEN and ELSE are an expression's. */
const withoutCases = (text) => {
  let masked = text;
  for (;;) {
    const innermost = /\bCASE\b(?:(?!\bCASE\b)[^])*?\bEND\b/i.exec(masked);
    if (innermost === null) return masked;
    masked =
      masked.slice(0, innermost.index) +
      '_'.repeat(innermost[0].length) +
      masked.slice(innermost.index + innermost[0].length);
  }
};

const quoted = (text) => `'${text.replaceAll("'", "''")}'`;
