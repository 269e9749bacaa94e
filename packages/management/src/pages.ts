import type { Caller, CallRequest } from './caller.ts'
import { type Deadline, withDeadline } from './deadline.ts'
import { ManagementError } from './management-error.ts'
import { readJson } from './read-reply.ts'

/** The pages of a list, following nextLink. @throws {ManagementError} ForeignAddress, ReplyInvalid */
export async function* readPages(
  caller: Caller,
  request: Omit<CallRequest, 'signal'>,
  deadline: Deadline,
): AsyncGenerator<readonly unknown[]> {
  let target: string | undefined = request.target
  while (target !== undefined) {
    const page: Page = await withDeadline(deadline, async (signal) =>
      readPage(await readJson(await caller.send({ ...request, target: target ?? '', signal }))),
    )
    yield page.value
    if (page.nextLink === target)
      throw new ManagementError('ReplyInvalid', { message: 'The next page is the same page' })
    target = page.nextLink
  }
}

interface Page {
  readonly value: readonly unknown[]
  readonly nextLink: string | undefined
}

function readPage(body: unknown): Page {
  const { value, nextLink } = (body ?? {}) as { readonly value?: unknown; readonly nextLink?: unknown }
  if (!Array.isArray(value)) throw new ManagementError('ReplyInvalid', { message: 'The answer is no page of a list' })
  return { value, nextLink: typeof nextLink === 'string' && nextLink !== '' ? nextLink : undefined }
}
