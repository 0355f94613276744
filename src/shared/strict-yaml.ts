import {
  LineCounter,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  visit,
  type Document,
  type Node,
  type Pair,
} from 'yaml';
import { InputError } from './errors.ts';

type Path = readonly PropertyKey[];

/** A value given beside the file, `optimizer.lr=1e-3`; it takes the place of the file's. */
interface Override {
  readonly path: readonly (string | number)[];
  readonly source: string;
  readonly node: Node | null;
}

export interface YamlOverrides {
  /** `key.path=value`, the value in YAML; list entries as `stages[0].share` or `stages.0.share`. */
  readonly overrides?: readonly string[];
  /** Groups of fields that exclude each other: setting one takes the others away. */
  readonly alternatives?: readonly (readonly string[])[];
}

const LONGEST_FILE = 1_000_000;
const MOST_ALIASED_NODES = 100;
const NESTING = 'must not nest values this deep';

/** A map's key as text. Keys that came with an override are not wrapped in a node. */
function keyText(key: unknown): string {
  return String(isScalar(key) ? key.value : key);
}

function isPrefix(start: Path, path: Path): boolean {
  return start.every((key, i) => String(key) === String(path[i]));
}

function overridePath(text: string): (string | number)[] {
  const keys = text.replaceAll(/\[(\d+)\]/g, '.$1').split('.');
  if (keys.some((key) => key === '' || key === '__proto__')) {
    throw new InputError({ file: '--set', value: text, rule: 'must be key.path=value with the path of a field' });
  }
  return keys.map((key) => (/^\d+$/.test(key) ? Number(key) : key));
}

/** A YAML text with the place of every value in it, so that errors found later can name line and column. */
export class StrictYaml {
  readonly value: unknown;
  private readonly file: string;
  private readonly document: Document;
  private readonly lines = new LineCounter();
  private readonly overrides: Override[] = [];

  /**
   * Reads one YAML 1.2 document of plain data.
   *
   * @param file name for messages
   * @throws InputError with line and column for a syntax error, repeated key, tag, key that is no text, `__proto__`, or
   *   aliases that would expand to more than a few nodes
   */
  constructor(text: string, file: string, { overrides = [], alternatives = [] }: YamlOverrides = {}) {
    this.file = file;
    this.document = this.parse(text, file, this.lines);
    for (const override of overrides) this.override(override, alternatives);
    this.value = this.toPlain();
  }

  /** Where a value stands, for messages: `recipe.yaml:12:5`, or the option that gave it. Missing values: their parent. */
  where(path: Path): string {
    const override = this.overrideOf(path);
    if (override) return `--set ${override.source}`;
    let node: unknown = this.document.contents;
    let offset = this.offsetOf(node);
    for (const key of path) {
      const pair = this.child(node, key);
      if (!pair) break;
      node = pair.value;
      offset = this.offsetOf(node) ?? offset;
    }
    return this.place(offset);
  }

  /** Where a key stands in the group of fields at `path`. */
  whereKey(path: Path, key: string): string {
    const full = [...path, key];
    const override = this.overrideOf(full) ?? this.overrides.find((one) => isPrefix(full, one.path));
    const offset = this.offsetOf(this.child(this.nodeAt(path), key)?.key);
    return override && offset === undefined ? `--set ${override.source}` : this.place(offset);
  }

  /** A number or word as written, e.g. `.nan`; undefined for groups, lists and missing values. */
  sourceOf(path: Path): string | undefined {
    const node = this.nodeAt(path);
    return isScalar(node) ? (node.source ?? String(node.value)) : undefined;
  }

  private parse(text: string, file: string, lines: LineCounter): Document {
    if (text.length > LONGEST_FILE)
      throw new InputError({ file, rule: `must have at most ${LONGEST_FILE} characters` });
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
    const place = (offset: number | undefined): string => this.place(offset, file, lines);
    const syntax = document.errors[0] ?? document.warnings[0];
    if (syntax) {
      const rule = syntax.code === 'RESOURCE_EXHAUSTION' ? NESTING : syntax.message;
      throw new InputError({ file: place(syntax.pos[0]), rule });
    }
    checkNodes(document, (node, rule) => new InputError({ file: place(this.offsetOf(node)), rule }));
    return document;
  }

  private override(source: string, alternatives: readonly (readonly string[])[]): void {
    const equals = source.indexOf('=');
    if (equals < 0) throw new InputError({ file: '--set', value: source, rule: 'must be key.path=value' });
    const path = overridePath(source.slice(0, equals).trim());
    const parsed = this.parse(source.slice(equals + 1), `--set ${source}`, new LineCounter());
    const node = parsed.contents;
    const name = path.join('.');
    const others = alternatives.flatMap((fields) =>
      fields.includes(name) ? fields.filter((field) => field !== name) : [],
    );
    try {
      for (const other of others) this.document.deleteIn(other.split('.'));
      this.document.setIn(path, node);
    } catch {
      throw new InputError({ file: `--set ${source}`, rule: 'names a field inside a value that has no fields' });
    }
    this.overrides.push({ path, source, node });
  }

  private toPlain(): unknown {
    try {
      return this.document.toJS({ maxAliasCount: MOST_ALIASED_NODES });
    } catch (error) {
      if (error instanceof RangeError) throw new InputError({ file: this.file, rule: NESTING }, { cause: error });
      const rule = `aliases must expand to at most ${MOST_ALIASED_NODES} values`;
      let alias: unknown;
      visit(this.document, { Alias: (_, node) => void (alias ??= node) });
      throw new InputError({ file: this.place(this.offsetOf(alias)), rule }, { cause: error });
    }
  }

  private overrideOf(path: Path): Override | undefined {
    return this.overrides.findLast((override) => isPrefix(override.path, path));
  }

  private nodeAt(path: Path): unknown {
    return path.reduce<unknown>((node, key) => this.child(node, key)?.value, this.document.contents);
  }

  private child(node: unknown, key: PropertyKey): { readonly key?: unknown; readonly value: unknown } | undefined {
    const target = isAlias(node) ? node.resolve(this.document) : node;
    if (isMap(target)) return target.items.find((pair: Pair) => keyText(pair.key) === String(key));
    if (isSeq(target) && typeof key === 'number' && key in target.items) return { value: target.items[key] };
    return undefined;
  }

  private offsetOf(node: unknown): number | undefined {
    return isScalar(node) || isCollection(node) || isAlias(node) ? node.range?.[0] : undefined;
  }

  private place(offset: number | undefined, file = this.file, lines = this.lines): string {
    const { line, col } = lines.linePos(offset ?? 0);
    return line > 0 ? `${file}:${line}:${col}` : file;
  }
}

/** Refuses what plain data does not need: tags, keys that are no text, and the key that JavaScript takes for an object's prototype. */
function checkNodes(document: Document.Parsed, problem: (node: unknown, rule: string) => InputError): void {
  visit(document, {
    Node: (_, node) => {
      if ('tag' in node && node.tag !== undefined) throw problem(node, `must not have a YAML tag (${node.tag})`);
    },
    Pair: (_, { key }) => {
      if (!isScalar(key) || typeof key.value !== 'string') throw problem(key, 'field names must be text');
      if (key.value === '__proto__') throw problem(key, '__proto__ is not a field');
    },
  });
}
