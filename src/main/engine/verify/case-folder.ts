import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../../../shared/errors.ts';
import { readSafetensors, type SafetensorsFile } from '../model/safetensors.ts';
import { parseStrictJson } from '../model/strict-json.ts';
import { validate } from '../model/validate.ts';
import { caseSchema, type ReferenceCase } from './case-schema.ts';

const CASE_FILE = 'case.json';

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'unknown reason';

/** Integers of a reference tensor. */
export interface HostIntegers {
  readonly shape: readonly number[];
  readonly data: Int32Array;
}

/** A folder of reference numbers: `case.json` and the safetensors files it describes. `close` it when done. */
export class CaseFolder {
  readonly dir: string;
  readonly info: ReferenceCase;
  private readonly files = new Map<string, SafetensorsFile>();
  private readonly used = new Set<string>();

  private constructor(dir: string, info: ReferenceCase) {
    this.dir = dir;
    this.info = info;
  }

  /** Reads `case.json`. @throws InputError naming file and field. */
  static async open(dir: string): Promise<CaseFolder> {
    const file = join(dir, CASE_FILE);
    const bytes = await readFile(file).catch((error: unknown) => {
      throw new InputError({ file, rule: `cannot be read (${codeOf(error)})` }, { cause: error });
    });
    return new CaseFolder(dir, validate(caseSchema, parseStrictJson(bytes, file), file));
  }

  /** Path of a file of the case. */
  path(name: string): string {
    return join(this.dir, name);
  }

  /** Names of the tensors that `case.json` says a file holds; none where the case has no such file. */
  tensorsOf(file: string): string[] {
    return Object.keys(this.info.tensors[file] ?? {});
  }

  has(file: string, name: string): boolean {
    return this.info.tensors[file]?.[name] !== undefined;
  }

  /** A tensor as float32. @throws InputError where file or tensor is missing or broken. */
  async floats(
    file: string,
    name: string,
  ): Promise<{ readonly shape: readonly number[]; readonly data: Float32Array }> {
    return (await this.use(file, name)).read(name);
  }

  /** A tensor of integers. @throws InputError where file or tensor is missing or broken. */
  async integers(file: string, name: string): Promise<HostIntegers> {
    return (await this.use(file, name)).readIntegers(name);
  }

  /** Tensors of the case that nothing has read: they were not checked. */
  unused(): { readonly file: string; readonly name: string }[] {
    return Object.keys(this.info.tensors).flatMap((file) =>
      this.tensorsOf(file)
        .filter((name) => !this.used.has(`${file}:${name}`))
        .map((name) => ({ file, name })),
    );
  }

  async close(): Promise<void> {
    for (const file of this.files.values()) await file.close();
    this.files.clear();
  }

  private async use(file: string, name: string): Promise<SafetensorsFile> {
    this.used.add(`${file}:${name}`);
    const opened = this.files.get(file) ?? (await readSafetensors(this.path(file)));
    this.files.set(file, opened);
    return opened;
  }
}

/** The cases in a folder: itself, or the folders in it that hold a `case.json`, by name. @throws InputError where there are none. */
export async function findCases(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch((error: unknown) => {
    throw new InputError({ file: dir, rule: `cannot be read as a folder (${codeOf(error)})` }, { cause: error });
  });
  if (entries.some(({ name }) => name === CASE_FILE)) return [dir];
  const found: string[] = [];
  for (const { name } of entries.filter((entry) => entry.isDirectory())) {
    const inside = await readdir(join(dir, name));
    if (inside.includes(CASE_FILE)) found.push(join(dir, name));
  }
  if (found.length === 0)
    throw new InputError({
      file: dir,
      rule: `holds no ${CASE_FILE}, nor does a folder in it`,
      hint: 'Name a reference case or a folder of cases',
    });
  return found.sort();
}
