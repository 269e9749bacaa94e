import { RelayError } from '@postern/protocol'
import { ListenerRefusal } from './listener-refusal.ts'

/** Says why a listener cannot lead a sender to its target now, and which one it is; read again by {@link readTargetAway}. */
export function formatTargetAway(reason: string, listenerId: string): string {
  return `${reason} (listener ${listenerId})`
}

const form = /\(listener ([0-9A-Za-z-]{1,64})\)/

/** Recognises in what a rejected connection was told that another listener may reach the target. */
export function readTargetAway(error: Error): ListenerRefusal | undefined {
  const listenerId = form.exec(error.message)?.[1]
  if (listenerId === undefined) return undefined
  const trackingId = error instanceof RelayError ? error.trackingId : undefined
  return new ListenerRefusal({ message: error.message, listenerId, trackingId, isTemporary: true })
}
