import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import vue from 'eslint-plugin-vue';
import tseslint from 'typescript-eslint';
import { importLayers } from './lint/import-layers.js';

const NODE_GLOBALS = [
  'Buffer',
  'URL',
  'clearInterval',
  'clearTimeout',
  'console',
  'performance',
  'process',
  'setInterval',
  'setTimeout',
];
const RENDERER = ['src/renderer/**/*.{ts,vue}', 'test/renderer/**/*.{ts,vue}'];

/** @param {string[]} names */
const asGlobals = (names) => Object.fromEntries(names.map((name) => [name, /** @type {const} */ ('readonly')]));

/** @type {import('eslint').Linter.RulesRecord} */
const TYPED_RULES = {
  '@typescript-eslint/consistent-type-imports': [
    'error',
    { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false },
  ],
  // Numbers in messages are wanted, objects are not.
  '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
  '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true, varsIgnorePattern: '^_$' }],
  // An index that arithmetic has proven is written `values[i]!`: the compiler cannot know array lengths.
  '@typescript-eslint/no-non-null-assertion': 'off',
  // Checks at the boundaries guard against values that the types rule out.
  '@typescript-eslint/no-unnecessary-condition': 'off',
  '@typescript-eslint/no-unnecessary-type-parameters': 'off',
  // Matters of taste that are left to the author.
  '@typescript-eslint/no-confusing-void-expression': 'off',
  '@typescript-eslint/no-meaningless-void-operator': 'off',
  '@typescript-eslint/no-this-alias': 'off',
  '@typescript-eslint/require-await': 'off',
  // `process.env['NAME']` is what noPropertyAccessFromIndexSignature style asks for.
  '@typescript-eslint/dot-notation': 'off',
};

/** @type {import('eslint').Linter.RulesRecord} */
const VUE_RULES = {
  // Text from models and datasets is shown as text.
  'vue/no-v-html': 'error',
  'vue/block-order': ['error', { order: ['script', 'template', 'style'] }],
  'vue/block-lang': ['error', { script: { lang: 'ts' } }],
  'vue/component-api-style': ['error', ['script-setup']],
  'vue/define-macros-order': 'error',
  'vue/require-default-prop': 'off',
  // Prettier lays templates out.
  'vue/html-closing-bracket-newline': 'off',
  'vue/html-indent': 'off',
  'vue/html-self-closing': 'off',
  'vue/max-attributes-per-line': 'off',
  'vue/multiline-html-element-content-newline': 'off',
  'vue/singleline-html-element-content-newline': 'off',
};

export default defineConfig(
  { ignores: ['node_modules', 'out', 'runs', 'data', 'models', 'coverage', 'test/golden', 'docs'] },
  js.configs.recommended,
  {
    rules: {
      eqeqeq: 'error',
      'no-console': 'off',
      'max-lines': ['error', { max: 400 }],
      'max-lines-per-function': ['error', { max: 60 }],
      'prefer-const': 'error',
    },
  },
  {
    files: ['**/*.{ts,vue}'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
        // The same for all files, or the compiler starts afresh at every change of kind.
        extraFileExtensions: ['.vue'],
      },
    },
    rules: TYPED_RULES,
  },
  {
    files: ['**/*.vue'],
    extends: [vue.configs['flat/recommended']],
    languageOptions: { parserOptions: { parser: tseslint.parser } },
    rules: VUE_RULES,
  },
  {
    files: RENDERER,
    // vue-tsc checks these: outside it, a component is of unknown type. And the compiler knows the browser's names.
    rules: {
      'no-undef': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    files: ['src/**/*.{ts,vue}'],
    plugins: { layers: { rules: { imports: importLayers } } },
    rules: { 'layers/imports': 'error' },
  },
  {
    // A composable or store is a module that Vue wants as one function; the functions in it keep to the limit by themselves.
    files: ['src/renderer/**/use*.ts', 'src/renderer/**/*-store.ts'],
    rules: { 'max-lines-per-function': ['error', { max: 120 }] },
  },
  {
    files: ['**/*.{js,mjs}'],
    languageOptions: { globals: asGlobals(NODE_GLOBALS) },
  },
  {
    files: ['**/*.cjs'],
    languageOptions: { sourceType: 'commonjs', globals: asGlobals([...NODE_GLOBALS, 'require', 'module']) },
  },
  {
    // Old versions of Node must be able to read it.
    files: ['scripts/setup/node-version.mjs'],
    rules: { 'no-var': 'off' },
  },
  {
    files: ['test/**/*.ts'],
    rules: { 'max-lines': 'off', 'max-lines-per-function': 'off', '@typescript-eslint/no-dynamic-delete': 'off' },
  },
);
