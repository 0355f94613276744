import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runDemo, type DemoOptions } from '../../../src/main/demo/demo.ts';
import { trainOrReuse } from '../../../src/main/demo/training-phase.ts';
import { evaluationReportSchema } from '../../../src/shared/evaluation.ts';
import { shapesOptionsSchema } from '../../../src/shared/dataset-source.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

/** An output that is no terminal. */
function recorded(): { output: NodeJS.WriteStream; text: () => string } {
  const written: string[] = [];
  const output = { isTTY: false, write: (text: string) => written.push(text) > 0 };
  return { output: output as unknown as NodeJS.WriteStream, text: () => written.join('') };
}

async function demo(options: DemoOptions): Promise<{ code: number; text: string }> {
  const { output, text } = recorded();
  return { code: await runDemo(options, output), text: text() };
}

describe('the demo', () => {
  // 300 small pictures are the fewest that ask a question often enough for the tower's heads.
  it('runs from data to answers, keeps its evaluation, and its tower can be taken again', async () => {
    const folder = temporaryFolder();
    const runs = join(folder, 'runs');
    const shapes = shapesOptionsSchema.parse({ images: 300, clips: 0 });
    const options = {
      ...{ runs, towerSteps: 2, steps: 4, questions: 20 },
      data: { folder: join(folder, 'data'), offline: true, shapes },
    };
    const first = await demo(options);
    expect(first.code).toBe(0);
    for (const phase of ['1/5 Data', '2/5 Vision tower', '3/5 Training', '4/5 Evaluation', '5/5 Answers']) {
      expect(first.text).toContain(phase);
    }
    expect(first.text).toContain('shapes: 240 pictures with');
    expect(first.text).toContain('K/S 1/8');
    expect(first.text).toMatch(/full +256 +100\.0 % +100 %/);
    expect(first.text.match(/[✓✗]/g)).toHaveLength(10);
    expect(first.text).toMatch(/1\/8: 88 visual tokens over all layers \(CR 291 %\)/);
    const evaluation = join(runs, 'demo-4stage/evaluations/demo.json');
    const report = evaluationReportSchema.parse(JSON.parse(readFileSync(evaluation, 'utf8')));
    expect(report.questions).toBe(20);

    const again = recorded();
    const tower = await trainOrReuse({
      ...{ preset: 'demo-tower', runs, output: again.output, reuses: () => true },
      overrides: [
        `data.train=${join(options.data.folder, 'shapes/train.jsonl')}`,
        ...['vision.minimumQuestionCount=20', 'optimizer.steps=2'],
      ],
      print: (line) => void again.output.write(line),
    });
    expect(resolve(tower)).toBe(join(runs, 'demo-tower'));
    expect(again.text()).toMatch(/demo-tower is there already, and its recipe and data are unchanged: it is taken/);
  }, 600_000);
});
