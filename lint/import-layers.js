/** ESLint rule `layers/imports`: which folder may import which (the order of the architecture, as a table). */
import { dirname, relative, resolve, sep } from 'node:path';

const ENGINE = 'src/main/engine';
const SHARED = ['src/shared'];
const FOUNDATION = [...SHARED, `${ENGINE}/backend`, `${ENGINE}/data`];
const MODELLING = [...FOUNDATION, `${ENGINE}/model`, `${ENGINE}/compressor`];
const PROCEDURES = [
  ...MODELLING,
  ...['jobs', 'train', 'generate', 'evaluate', 'export'].map((folder) => `${ENGINE}/${folder}`),
];

/**
 * For each layer the folders of ours it may import, besides itself. A file belongs to the longest name it is under.
 * Engines are started by path, as processes: studio and terminal commands never import their code.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
export const LAYERS = {
  'src/shared': [],
  'src/renderer': SHARED,
  [`${ENGINE}/backend`]: FOUNDATION,
  [`${ENGINE}/data`]: FOUNDATION,
  [`${ENGINE}/jobs`]: SHARED,
  [`${ENGINE}/compressor`]: FOUNDATION,
  [`${ENGINE}/model`]: MODELLING,
  [`${ENGINE}/train`]: PROCEDURES,
  [`${ENGINE}/generate`]: PROCEDURES,
  [`${ENGINE}/evaluate`]: PROCEDURES,
  [`${ENGINE}/export`]: PROCEDURES,
  [ENGINE]: PROCEDURES,
  'src/main/studio': SHARED,
  'src/main': [...SHARED, 'src/main/studio', 'scripts/setup', 'package.json'],
};

/**
 * Imports of types that cross the layers, each by one file for one reason: the typed client takes its routes from the
 * server. The compiler erases them, so no server code reaches the page.
 * @type {Readonly<Record<string, string>>}
 */
const TYPE_IMPORTS = { 'src/renderer/src/api/client.ts': 'src/main/studio/server/api.ts' };

/** @param {string} path @param {string} folder */
const isUnder = (path, folder) => path === folder || path.startsWith(`${folder}/`);

/** @param {string} path relative to the project @returns {string | undefined} */
function layerOf(path) {
  return Object.keys(LAYERS)
    .filter((layer) => isUnder(path, layer))
    .sort((a, b) => b.length - a.length)[0];
}

/**
 * The complaint about an import, or undefined when it is allowed.
 * @param {string} importer path of the importing file, relative to the project
 * @param {string} imported path of the imported file, relative to the project
 * @param {boolean} [typeOnly] the import is erased when compiled
 */
export function layerFault(importer, imported, typeOnly = false) {
  if (typeOnly && TYPE_IMPORTS[importer] === imported) return undefined;
  const layer = layerOf(importer);
  if (layer === undefined) return undefined;
  const target = layerOf(imported) ?? imported;
  if (target === layer) return undefined;
  const allowed = LAYERS[layer] ?? [];
  if (allowed.some((folder) => isUnder(target, folder))) return undefined;
  return `${layer} must not import ${target} (it may import ${allowed.join(', ') || 'nothing of ours'})`;
}

/** @type {import('eslint').Rule.RuleModule} */
export const importLayers = {
  meta: { type: 'problem', docs: { description: 'imports go down the layers only' }, schema: [] },
  create(context) {
    /** @param {string} path */
    const inProject = (path) => relative(context.cwd, path).split(sep).join('/');
    /** @param {{ source?: unknown, importKind?: string }} node */
    const check = (node) => {
      const source = /** @type {import('estree').Literal | undefined | null} */ (node.source);
      if (source?.type !== 'Literal' || typeof source.value !== 'string' || !source.value.startsWith('.')) return;
      const message = layerFault(
        inProject(context.filename),
        inProject(resolve(dirname(context.filename), source.value)),
        node.importKind === 'type',
      );
      if (message) context.report({ node: source, message });
    };
    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      // `import('./x.ts').Type` in a type.
      TSImportType: check,
    };
  },
};
