import { xorMask } from '@postern/websocket'
import { bench, do_not_optimize, group, run, summary } from 'mitata'

const key = 0x9f3c_21a7
const sizes = [32, 128, 192, 256, 1_024, 16_384, 65_536, 262_144]

/** What every byte costs without WebAssembly: the reference that the SIMD routine has to beat. */
function maskByteByByte(buffer: Uint8Array, maskKey: number): void {
  for (let index = 0; index < buffer.length; index++) {
    buffer[index] = (buffer[index] ?? 0) ^ ((maskKey >>> ((index & 3) * 8)) & 0xff)
  }
}

for (const size of sizes) {
  group(`mask ${size} bytes`, () => {
    summary(() => {
      // Masking twice gives the bytes back, so one buffer serves all rounds.
      const buffer = new Uint8Array(size).fill(0x5a)
      const whole = { source: 0, target: 0, length: size }
      // The relay moves payload up by the 4 bytes of the mask key while it unmasks.
      const moved = { source: 4, target: 0, length: size - 4 }
      bench(`xorMask, ${size} bytes`, () => do_not_optimize(xorMask(buffer, whole, key, 0))).baseline(true)
      bench(`xorMask, moved up by 4, ${size - 4} bytes`, () => do_not_optimize(xorMask(buffer, moved, key, 1)))
      bench(`byte by byte, ${size} bytes`, () => do_not_optimize(maskByteByByte(buffer, key)))
    })
  })
}

await run()
