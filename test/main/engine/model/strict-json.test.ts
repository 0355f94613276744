import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findDuplicateKey, parseStrictJson } from '../../../../src/main/engine/model/strict-json.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('keys given twice', () => {
  it.each([
    ['{"a":1,"a":2}', 'a'],
    ['{"x":{"b":1,"c":[{"d":0}],"b":2}}', 'b'],
    ['{"a":1,"\\u0061":2}', 'a'],
    ['[{"k":"k"},{"k":1,"z":2,"k":3}]', 'k'],
    ['{"__proto__":1,"__proto__":2}', '__proto__'],
    ['{"q\\"":1 ,"q\\""\n:2}', 'q"'],
    ['{"":1,"":2}', ''],
  ])('%s', (text, key) => {
    expect(findDuplicateKey(text)).toBe(key);
  });

  it.each([
    '{"a":{"a":1},"b":{"a":2}}',
    '["a","a"]',
    '{"a":"a","b":"a"}',
    '{"a":["b","b"],"b":0}',
    '"{\\"a\\":1,\\"a\\":1}"',
    '1',
  ])('none in %s', (text) => {
    expect(findDuplicateKey(text)).toBeUndefined();
  });

  it('none in any text that JSON.stringify writes, pretty or not', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), fc.nat(3), (text, indent) => {
        expect(findDuplicateKey(JSON.stringify(JSON.parse(text), null, indent))).toBeUndefined();
      }),
    );
  });

  it('always found where a key is repeated somewhere in a valid text', () => {
    const value = fc.jsonValue({ maxDepth: 3 });
    const around = fc.constantFrom<(inner: string) => string>(
      (inner) => inner,
      (inner) => `[1, "\\\\", ${inner}]`,
      (inner) => `{"outer": {"x]}": ${inner}}}`,
    );
    fc.assert(
      fc.property(
        fc.string(),
        value,
        fc.dictionary(fc.string(), value),
        value,
        around,
        (key, first, others, last, wrap) => {
          delete others[key];
          const fields = [[key, first], ...Object.entries(others), [key, last]];
          const text = `{${fields.map(([name, content]) => `${JSON.stringify(name)} : ${JSON.stringify(content)}`).join(' ,')}}`;
          expect(findDuplicateKey(wrap(text))).toBe(key);
        },
      ),
    );
  });
});

describe('strict reading', () => {
  it('reads what JSON.parse reads', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(parseStrictJson(bytes(text), 'f')).toEqual(JSON.parse(text));
      }),
    );
  });

  it('refuses bytes that are not UTF-8, broken syntax and repeated keys', () => {
    expect(() => parseStrictJson(Uint8Array.of(0x22, 0xff, 0x22), 'a.json')).toThrow('a.json: must be UTF-8 text');
    expect(() => parseStrictJson(bytes('{"a":'), 'a.json')).toThrow('a.json: must be valid JSON');
    expect(() => parseStrictJson(bytes('{"a":1,"a":1}'), 'a.json', 'header')).toThrow(
      'a.json: header: must not give the key "a" twice',
    );
  });
});
