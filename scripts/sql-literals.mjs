// Finds every SQL statement that the sources run, by following the text of each call of `query` back to the literals that
// it is put together from: constants, functions that return SQL, both sides of a condition, all properties of a table of
// texts, and the arguments that callers give. What cannot be followed is returned as such, never left out.
import { relative } from 'node:path';
import ts from 'typescript';

/** Methods that run a statement, whose text is their first argument. */
const RUNNERS = new Set(['query', 'queryAtomically']);
/** A statement that is put together from more variants than this is not followed. */
const MAX_VARIANTS = 200;
const LOOKS_LIKE_SQL =
  /^\s*(--[^\n]*\n\s*)*\(?\s*(SELECT\s|INSERT\s+INTO\s|UPDATE\s+\w+(\s+\w+)?\s+SET\s|DELETE\s+FROM\s|WITH\s+\w+\s+AS\s|MERGE\s)/;

class Unfollowed extends Error {}

/**
 * @param {readonly string[]} paths of sources, all that belong together
 * @returns {{ calls: { place: string, line: number, texts: string[], unfollowed?: string }[], strays: string[] }}
 *   `place` is `path#function`; `strays` are literals that look like a statement and that no call of `query` reaches.
 */
export function sqlLiterals(paths, { root = process.cwd(), options = {} } = {}) {
  const program = ts.createProgram([...paths], { noEmit: true, skipLibCheck: true, ...options });
  const checker = program.getTypeChecker();
  const own = paths.map((path) => program.getSourceFile(path)).filter((file) => file !== undefined);
  const visited = new Set();
  const callsOf = callIndex(own, checker);

  function values(node, bindings) {
    const found = [...new Set(variants(node, bindings))];
    if (found.length > MAX_VARIANTS) throw new Unfollowed(`more than ${MAX_VARIANTS} variants`);
    return found;
  }

  function variants(node, bindings) {
    if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node) || ts.isNumericLiteral(node)) {
      visited.add(node);
      return [node.text.replaceAll('_', ts.isNumericLiteral(node) ? '' : '_')];
    }
    if (ts.isTemplateExpression(node)) {
      visited.add(node);
      return node.templateSpans.reduce(
        (texts, span) =>
          product(texts, values(span.expression, bindings), (one, other) => one + other + span.literal.text),
        [node.head.text],
      );
    }
    if (
      ts.isParenthesizedExpression(node) ||
      ts.isAsExpression(node) ||
      ts.isSatisfiesExpression(node) ||
      ts.isNonNullExpression(node)
    )
      return values(node.expression, bindings);
    if (ts.isConditionalExpression(node)) return branches(node, bindings).flatMap((branch) => values(branch, bindings));
    if (ts.isBinaryExpression(node)) return operation(node, bindings);
    try {
      if (ts.isIdentifier(node)) return ofIdentifier(node, bindings);
      if (ts.isCallExpression(node)) return ofCall(node, bindings);
      if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) return ofProperty(node, bindings);
    } catch (error) {
      // A type may say what the value can be where its origin is not seen.
      const literals = error instanceof Unfollowed ? literalsOf(checker.getTypeAtLocation(node)) : undefined;
      if (literals === undefined) throw error;
      return literals;
    }
    throw new Unfollowed(node.getText());
  }

  /** Both, unless the condition asks whether a parameter is null and the caller says so. */
  function branches({ condition, whenTrue, whenFalse }, bindings) {
    if (!ts.isBinaryExpression(condition) || condition.right.kind !== ts.SyntaxKind.NullKeyword)
      return [whenTrue, whenFalse];
    const given = ts.isIdentifier(condition.left)
      ? bindings?.get(checker.getSymbolAtLocation(condition.left))
      : undefined;
    if (given === undefined) return [whenTrue, whenFalse];
    const isNull = given.node.kind === ts.SyntaxKind.NullKeyword;
    const isSame = condition.operatorToken.kind === ts.SyntaxKind.EqualsEqualsEqualsToken;
    return [isNull === isSame ? whenTrue : whenFalse];
  }

  function operation({ left, right, operatorToken }, bindings) {
    const sides = () => [values(left, bindings), values(right, bindings)];
    switch (operatorToken.kind) {
      case ts.SyntaxKind.QuestionQuestionToken:
      case ts.SyntaxKind.BarBarToken:
        return sides().flat();
      case ts.SyntaxKind.PlusToken: {
        const isNumber = (checker.getTypeAtLocation(left.parent).flags & ts.TypeFlags.NumberLike) !== 0;
        return product(...sides(), (one, other) => (isNumber ? String(Number(one) + Number(other)) : one + other));
      }
      case ts.SyntaxKind.MinusToken:
        return product(...sides(), (one, other) => String(Number(one) - Number(other)));
      case ts.SyntaxKind.AsteriskToken:
        return product(...sides(), (one, other) => String(Number(one) * Number(other)));
      default:
        throw new Unfollowed(left.parent.getText());
    }
  }

  function ofIdentifier(node, bindings) {
    const symbol = aliased(checker.getSymbolAtLocation(node));
    const bound = bindings?.get(symbol);
    if (bound !== undefined) return values(bound.node, bound.bindings);
    const [declaration] = symbol?.declarations ?? [];
    if (declaration !== undefined && ts.isVariableDeclaration(declaration) && declaration.initializer !== undefined) {
      if ((ts.getCombinedNodeFlags(declaration) & ts.NodeFlags.Const) === 0)
        throw new Unfollowed(`${node.text} may change`);
      return values(declaration.initializer, bindings);
    }
    if (declaration !== undefined && ts.isParameter(declaration)) return ofParameter(declaration);
    if (declaration !== undefined && ts.isBindingElement(declaration)) return ofElement(declaration, bindings);
    throw new Unfollowed(node.text);
  }

  /** `const [one] = condition ? ['a', b] : ['c', d]` */
  function ofElement(element, bindings) {
    const { initializer } = element.parent.parent;
    const place = element.parent.elements.indexOf(element);
    const sources =
      initializer !== undefined && ts.isConditionalExpression(initializer)
        ? branches(initializer, bindings)
        : [initializer];
    return sources.flatMap((source) => {
      const isArray =
        source !== undefined && ts.isArrayLiteralExpression(source) && ts.isArrayBindingPattern(element.parent);
      const value = isArray ? source.elements[place] : undefined;
      if (value === undefined) throw new Unfollowed(element.getText());
      return values(value, bindings);
    });
  }

  /** What all callers give. */
  function ofParameter(parameter) {
    const owner = parameter.parent;
    const place = owner.parameters.indexOf(parameter);
    const calls = callsOf(nameOf(owner));
    if (calls.length === 0) throw new Unfollowed(`${parameter.name.getText()}, which nobody is seen to give`);
    return calls.flatMap((call) => {
      const given = call.arguments[place] ?? parameter.initializer;
      return given === undefined ? [] : values(given, undefined);
    });
  }

  function nameOf(owner) {
    const named = owner.name ?? (ts.isVariableDeclaration(owner.parent) ? owner.parent.name : undefined);
    return named === undefined ? undefined : checker.getSymbolAtLocation(named);
  }

  function ofCall(node, bindings) {
    const callee = aliased(checker.getSymbolAtLocation(node.expression));
    let [declaration] = callee?.declarations ?? [];
    if (declaration !== undefined && ts.isVariableDeclaration(declaration)) declaration = declaration.initializer;
    if (declaration === undefined || declaration.body === undefined || !own.includes(declaration.getSourceFile()))
      throw new Unfollowed(node.getText());
    const inner = new Map();
    declaration.parameters.forEach((parameter, place) => {
      const given = node.arguments[place];
      const value = given === undefined ? { node: parameter.initializer } : { node: given, bindings };
      if (value.node !== undefined) inner.set(checker.getSymbolAtLocation(parameter.name), value);
    });
    if (!ts.isBlock(declaration.body)) return values(declaration.body, inner);
    const returned = [];
    const visit = (child) => {
      if (ts.isReturnStatement(child) && child.expression !== undefined) returned.push(child.expression);
      else if (!ts.isFunctionLike(child)) ts.forEachChild(child, visit);
    };
    visit(declaration.body);
    return returned.flatMap((expression) => values(expression, inner));
  }

  /** One entry of a constant table of texts, or all of them where the key is known only at run time. */
  function ofProperty(node, bindings) {
    const symbol = aliased(checker.getSymbolAtLocation(node.expression));
    let [table] = symbol?.declarations ?? [];
    if (table !== undefined && ts.isVariableDeclaration(table)) table = table.initializer;
    while (table !== undefined && (ts.isAsExpression(table) || ts.isSatisfiesExpression(table)))
      table = table.expression;
    if (table === undefined || !ts.isObjectLiteralExpression(table)) throw new Unfollowed(node.getText());
    const key = ts.isPropertyAccessExpression(node) ? node.name.text : undefined;
    return table.properties.flatMap((property) => {
      if (!ts.isPropertyAssignment(property)) throw new Unfollowed(node.getText());
      return key === undefined || property.name.getText() === key ? values(property.initializer, bindings) : [];
    });
  }

  function aliased(symbol) {
    return symbol !== undefined && (symbol.flags & ts.SymbolFlags.Alias) !== 0
      ? checker.getAliasedSymbol(symbol)
      : symbol;
  }

  const calls = [];
  for (const file of own)
    walk(file, (node) => {
      if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return;
      if (!RUNNERS.has(node.expression.name.text) || node.arguments.length === 0) return;
      const place = `${relative(root, file.fileName).replaceAll('\\', '/')}#${enclosing(node)}`;
      const { line } = file.getLineAndCharacterOfPosition(node.getStart());
      try {
        calls.push({ place, line: line + 1, texts: values(textOf(node.arguments[0]), undefined) });
      } catch (error) {
        if (!(error instanceof Unfollowed)) throw error;
        calls.push({ place, line: line + 1, texts: [], unfollowed: error.message });
      }
    });

  const strays = [];
  for (const file of own)
    walk(file, (node) => {
      const isLiteral = ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node);
      if (!isLiteral && !ts.isTemplateExpression(node)) return;
      const text = isLiteral ? node.text : node.head.text;
      if (!LOOKS_LIKE_SQL.test(text) || visited.has(node)) return;
      const { line } = file.getLineAndCharacterOfPosition(node.getStart());
      strays.push(`${relative(root, file.fileName).replaceAll('\\', '/')}:${line + 1}`);
    });
  return { calls, strays };
}

/** The statement of `query(text)` or of `query({ text })`. */
function textOf(node) {
  if (!ts.isObjectLiteralExpression(node)) return node;
  for (const property of node.properties) {
    if (ts.isPropertyAssignment(property) && property.name.getText() === 'text') return property.initializer;
    if (ts.isShorthandPropertyAssignment(property) && property.name.text === 'text') return property.name;
  }
  return node;
}

function product(some, others, join) {
  const joined = some.flatMap((one) => others.map((other) => join(one, other)));
  if (joined.length > MAX_VARIANTS) throw new Unfollowed(`more than ${MAX_VARIANTS} variants`);
  return joined;
}

function literalsOf(type) {
  const parts = type.isUnion() ? type.types : [type];
  if (!parts.every((part) => part.isStringLiteral() || part.isNumberLiteral())) return undefined;
  return parts.map(({ value }) => String(value));
}

/**
 * All calls of a function or method, by its symbol. Whose a property is takes the types of all that stands before it: this
 * is asked only of calls by the name that is looked for, which a property has in common with its symbol.
 */
function callIndex(files, checker) {
  const index = new Map();
  const byName = new Map();
  const add = (call, name) => {
    let symbol = checker.getSymbolAtLocation(name);
    if (symbol !== undefined && (symbol.flags & ts.SymbolFlags.Alias) !== 0) symbol = checker.getAliasedSymbol(symbol);
    if (symbol !== undefined) index.set(symbol, [...(index.get(symbol) ?? []), call]);
  };
  for (const file of files)
    walk(file, (node) => {
      if (!ts.isCallExpression(node)) return;
      const { expression } = node;
      const name = ts.isPropertyAccessExpression(expression) ? expression.name : expression;
      // An import may give a function another name.
      if (name === expression || ts.isPrivateIdentifier(name)) add(node, name);
      else byName.set(name.text, [...(byName.get(name.text) ?? []), node]);
    });
  return (symbol) => {
    for (const call of byName.get(symbol?.name) ?? []) add(call, call.expression.name);
    byName.delete(symbol?.name);
    return index.get(symbol) ?? [];
  };
}

function enclosing(node) {
  for (let parent = node.parent; parent !== undefined; parent = parent.parent) {
    const isNamed =
      ts.isMethodDeclaration(parent) || ts.isFunctionDeclaration(parent) || ts.isConstructorDeclaration(parent);
    if (isNamed) return parent.name?.getText() ?? 'constructor';
  }
  return 'module';
}

function walk(node, visit) {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}
