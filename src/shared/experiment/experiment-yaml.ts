import type { z } from 'zod';
import { closest } from '../closest.ts';
import type { InputError } from '../errors.ts';
import { toInputError } from '../recipe-yaml.ts';
import { StrictYaml } from '../strict-yaml.ts';
import { ruleOf, valueAt } from '../validation.ts';
import { experimentSchema, type Experiment } from './experiment.ts';

/** Fields of a group, as far as the schema's own message does not say them. */
const FIELDS = ['name', 'description', 'prepare', 'recipe', 'set', 'schemes', 'seeds', 'test', 'baseline', 'label'];
const MORE = ['compressions', 'data', 'images', 'questions', 'batchSize', 'maxTokens', 'run'];

function problemOf(issue: z.core.$ZodIssue, value: unknown, yaml: StrictYaml): InputError {
  const { path } = issue;
  if (issue.code !== 'unrecognized_keys') {
    const found = valueAt(value, path);
    return toInputError({ path, value: found, rule: ruleOf(issue, found) }, yaml);
  }
  const [key = ''] = issue.keys;
  const meant = closest(key, [...FIELDS, ...MORE]);
  const hint = meant === undefined ? {} : { hint: `Did you mean ${meant}?` };
  return toInputError({ path, unknownKey: key, value: undefined, rule: 'is no field of an experiment', ...hint }, yaml);
}

/**
 * Reads an experiment file.
 *
 * @param file name for messages
 * @throws InputError naming file, line and column, field, value and limit of the first problem
 */
export function parseExperiment(text: string, file: string): Experiment {
  const yaml = new StrictYaml(text, file);
  const parsed = experimentSchema.safeParse(yaml.value);
  if (parsed.success) return parsed.data;
  const unknown = parsed.error.issues.find(({ code }) => code === 'unrecognized_keys');
  const issue = unknown ?? parsed.error.issues[0];
  if (!issue) throw new Error('a refused experiment has at least one problem');
  throw problemOf(issue, yaml.value, yaml);
}
