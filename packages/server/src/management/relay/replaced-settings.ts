import type { HybridConnection } from '../../domain/hybrid-connection.ts'
import type { HybridConnectionSettings } from './write-hybrid-connection.ts'

/** Settings as a body gives them: null and left out are not the same. */
export type GivenSettings = {
  readonly [Name in keyof Omit<HybridConnectionSettings, 'rules'>]?: HybridConnectionSettings[Name] | null | undefined
}

/**
 * What a PUT makes of a hybrid connection: what is left out of it goes, but for the members that Azure's clients do not
 * know and would otherwise take away by every change.
 */
export function replacedSettings(
  given: GivenSettings | null | undefined,
  standing: HybridConnection | undefined,
): HybridConnectionSettings {
  const { requiresClientAuthorization, userMetadata, maxListeners, httpResponseTimeoutMs, actions } = given ?? {}
  return {
    requiresClientAuthorization: requiresClientAuthorization ?? true,
    userMetadata: userMetadata ?? undefined,
    maxListeners: givenOr(maxListeners, standing?.maxListeners),
    httpResponseTimeoutMs: givenOr(httpResponseTimeoutMs, standing?.httpResponseTimeoutMs),
    actions: givenOr(actions, standing?.actions),
  }
}

/** Null takes away, undefined leaves. */
export function givenOr<Value>(given: Value | null | undefined, standing: Value | undefined): Value | undefined {
  return given === undefined ? standing : (given ?? undefined)
}
