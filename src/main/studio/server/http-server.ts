import { createAdaptorServer, type HttpBindings } from '@hono/node-server';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { codeOf, InputError } from '../../../shared/errors.ts';

/** Limits of Node's server: slow senders and endless headers are cut off. */
const LIMITS = { requestTimeout: 60_000, headersTimeout: 10_000, maxHeaderSize: 16_384 } as const;
const MAX_CONNECTIONS = 256;

export interface ListeningServer {
  readonly port: number;
  /** Ends all connections. */
  close(): Promise<void>;
}

/** Answers a request. */
export type Answering = (request: Request, bindings: HttpBindings) => Response | Promise<Response>;

/**
 * Begins to serve.
 *
 * @param answering what answers, asked for each request: undefined while there is nothing yet
 * @param port 0 = one that is free
 * @throws InputError where the address is taken or not to be had
 */
export async function listen(
  answering: () => Answering | undefined,
  host: string,
  port: number,
): Promise<ListeningServer> {
  const fetch = (request: Request, bindings: unknown): Response | Promise<Response> =>
    answering()?.(request, bindings as HttpBindings) ?? new Response('The studio is starting.\n', { status: 503 });
  const server = createAdaptorServer({ fetch, serverOptions: LIMITS }) as Server;
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(addressError(error, host, port)));
    server.listen({ host, port }, resolve);
  });
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { port: (server.address() as AddressInfo).port, close };
}

function addressError(error: Error, host: string, port: number): Error {
  const code = codeOf(error);
  if (code === 'EADDRINUSE') {
    const rule = 'is in use by another program';
    return new InputError(
      { field: '--port', value: port, rule, hint: 'Choose another one, or 0 for any' },
      { cause: error },
    );
  }
  const rule = `is no address that can be listened on (${code ?? error.message})`;
  return new InputError({ field: '--host', value: `${host}:${port}`, rule }, { cause: error });
}
