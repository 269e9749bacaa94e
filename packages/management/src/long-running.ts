import type { Caller } from './caller.ts'
import { delay } from './delay.ts'
import { ManagementError } from './management-error.ts'
import { readJson } from './read-reply.ts'
import { retryAfterMs } from './retry-after.ts'

/** Wait between two looks when the relay does not say; its own operations are done at once. */
const pollIntervalMs = 1_000

/**
 * Follows an operation to its end and gives its result: a 202 by its Location, a resource by its provisioningState.
 * @throws {ManagementError} OperationFailed
 */
export async function followOperation(
  caller: Caller,
  first: { readonly response: Response; readonly target: string },
  signal: AbortSignal,
): Promise<unknown> {
  let { response, target } = first
  for (;;) {
    const body = await readJson(response)
    const state = provisioningState(body)
    if (state === 'failed' || state === 'canceled') {
      throw new ManagementError('OperationFailed', {
        message: `The operation ended as ${state}`,
        status: response.status,
      })
    }
    const isAccepted = response.status === 202
    if (!isAccepted && (state === undefined || state === 'succeeded')) return body
    // A resource that is being made is looked at where it will be.
    if (isAccepted) target = response.headers.get('location') ?? target
    await delay(retryAfterMs(response.headers, pollIntervalMs), signal)
    response = await caller.send({ method: 'GET', target, signal })
  }
}

function provisioningState(body: unknown): string | undefined {
  const { properties } = (body ?? {}) as { readonly properties?: { readonly provisioningState?: unknown } }
  const state = properties?.provisioningState
  return typeof state === 'string' ? state.toLowerCase() : undefined
}
