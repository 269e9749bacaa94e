import { setFlagsFromString } from 'node:v8'

/**
 * Keeps V8's space for new objects as small as it is now, for the life of the process; call it before anything else.
 *
 * A chunk that passes through is memory outside of the heap that is freed when its small object is collected, and that
 * happens when this space is full. At the 32 MiB that it grows to by itself, a relay under load holds some 70 MiB of
 * chunks that nobody needs any more (measured with HTTP bodies: 230 MiB resident instead of 170, and more CPU time).
 */
export function keepYoungGenerationSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}
