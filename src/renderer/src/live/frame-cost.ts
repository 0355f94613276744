/**
 * Milliseconds that the page's next frame takes: what is called for it, styles, layout and paint. Rastering, which follows
 * on other threads, is not seen from here. Never resolves while the page is hidden: there are no frames.
 */
export function frameCost(): Promise<number> {
  return new Promise((resolve) => {
    requestAnimationFrame(() => {
      const begin = performance.now();
      const { port1, port2 } = new MessageChannel();
      // A message is handled as soon as the frame is done.
      port1.onmessage = () => {
        port1.close();
        resolve(performance.now() - begin);
      };
      port2.postMessage(undefined);
    });
  });
}
