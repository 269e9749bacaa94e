import { RelayError } from '@postern/protocol'
import { type ArmCall, type ArmHandlers, type ArmReply, ok } from '../../arm-call.ts'
import { signedIn } from '../../resources/resource-handlers.ts'
import type { siteRoutes } from '../site-routes.ts'
import type { AppFeeds, FeedRequest } from './app-feeds.ts'
import type { AppState } from './app-state.ts'

type Handlers = Pick<ArmHandlers<typeof siteRoutes>, 'Apps_GetOwnHybridConnections'>

/** Longest that a call may wait: proxies between give up after a minute. */
const maxWaitMs = 55_000

/** Handlers of what the connector of an app asks. */
export function feedHandlers(feeds: AppFeeds): Handlers {
  return {
    Apps_GetOwnHybridConnections: (call) => {
      const caller = signedIn(call)
      const state = feeds.read(caller)
      const request = { caller, after: revisionBefore(call), signal: call.signal }
      if (/\btext\/event-stream\b/i.test(call.accept)) {
        return { status: 200, events: events(feeds.follow(request)) }
      }
      const waitMs = readWait(call.query.get('wait'))
      if (waitMs > 0) return wait(feeds, request, { state, waitMs })
      return state.revision === request.after ? unchanged(state) : replyOf(state)
    },
  }
}

async function wait(
  feeds: AppFeeds,
  request: FeedRequest,
  { state, waitMs }: { readonly state: AppState; readonly waitMs: number },
): Promise<ArmReply> {
  const changed = await feeds.wait(request, waitMs)
  return changed ? replyOf(changed) : unchanged(state)
}

async function* events(states: AsyncGenerator<AppState>): AsyncGenerator<string> {
  for await (const { revision, body } of states) {
    yield `id: ${revision}\nevent: hybridConnections\ndata: ${JSON.stringify(body)}\n\n`
  }
}

/** What the caller has, by whichever of the three ways he says it. */
function revisionBefore({ lastEventId, ifNoneMatch, query }: ArmCall): string | undefined {
  const text = lastEventId ?? query.get('after') ?? ifNoneMatch?.replace(/^W\//, '').replace(/^"(.*)"$/, '$1')
  return text === '' ? undefined : text
}

/** @throws {RelayError} RequestContentInvalid */
function readWait(text: string | null): number {
  if (text === null || text === '') return 0
  const seconds = /^(\d{1,4})s?$/.exec(text)?.[1]
  if (seconds !== undefined) return Math.min(Number(seconds) * 1000, maxWaitMs)
  throw new RelayError('RequestContentInvalid', { message: 'wait must be a number of seconds, such as 30s' })
}

function replyOf({ revision, body }: AppState): ArmReply {
  return ok(body, { ETag: `"${revision}"` })
}

function unchanged({ revision }: AppState): ArmReply {
  return { status: 304, headers: { ETag: `"${revision}"` } }
}
