import type { RouteSpec } from '../routes/route-spec.ts'
import type { EndpointSource } from './endpoint-source.ts'

/** An endpoint that is named here. */
export function fixedEndpoint(spec: RouteSpec): EndpointSource {
  return {
    subject: spec.origin,
    specs: [spec],
    problems: [],
    isSettled: true,
    start: () => {},
    refresh: () => Promise.resolve(),
    stop: () => Promise.resolve(),
  }
}
