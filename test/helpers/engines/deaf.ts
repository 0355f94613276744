/** An engine that starts its job and obeys nothing after that. */
process.on('message', (command: { readonly type: string }) => {
  if (command.type === 'start') process.send?.({ type: 'state', state: 'running' });
});
process.on('SIGTERM', () => undefined);
process.send?.({ type: 'ready', pid: process.pid });
