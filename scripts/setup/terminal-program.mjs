/**
 * Runs the terminal program, TypeScript as it is, in this process.
 * @param {string[]} argv @returns {Promise<number>} exit code
 */
export async function runTerminalProgram(argv) {
  const { register } = await import('tsx/esm/api');
  register();
  const { main } = await import('../../src/main/cli.ts');
  return main(argv);
}
