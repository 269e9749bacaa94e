/** Which files one command runs, and how long a file may take. */
export interface TestKind {
  /** What is run, for the first line of the output. */
  readonly title: string
  /** Where its files are, as globs from the root; the first globs are started first. */
  readonly files: readonly string[]
  /** Files that run at the same time. */
  readonly concurrency: number
  /** A file that has not ended after this time is killed with all its children. */
  readonly fileTimeoutMs: number
}

const secondMs = 1_000
const minuteMs = 60 * secondMs
const hourMs = 60 * minuteMs

/** The kinds of tests by the name that tools/run-tests.ts takes. Everything that starts slowly comes first in a list. */
export const testKinds: Readonly<Record<string, TestKind>> = {
  quick: {
    title: 'unit, contract, conformance and interop tests',
    files: [
      'test/packaging.test.ts',
      'test/interop/**/*.test.ts',
      'test/conformance/**/*.test.ts',
      'packages/*/src/**/*.test.ts',
      'tools/**/*.test.ts',
      'bench/**/*.test.ts',
      'examples/**/*.test.ts',
    ],
    // CI and most small machines have two cores; a file is mostly one busy process.
    concurrency: 2,
    fileTimeoutMs: 3 * minuteMs,
  },
  system: {
    title: 'system tests',
    files: ['test/system/**/*.test.ts'],
    // They measure memory and time, and some own a port: one after the other.
    concurrency: 1,
    fileTimeoutMs: 10 * minuteMs,
  },
  java: {
    title: 'interop tests of the Java client',
    files: ['test/java/**/*.test.ts'],
    concurrency: 1,
    fileTimeoutMs: 10 * minuteMs,
  },
  clients: {
    title: 'interop tests of the Azure CLI, the Python SDK and WCF',
    files: ['test/clients/**/*.test.ts'],
    concurrency: 2,
    // The first one also makes the virtual environment.
    fileTimeoutMs: 15 * minuteMs,
  },
  long: {
    title: 'chaos and soak tests',
    files: ['test/chaos/**/*.test.ts', 'test/soak/**/*.test.ts'],
    concurrency: 1,
    fileTimeoutMs: 6 * hourMs,
  },
  fuzz: {
    title: 'fuzz targets',
    files: ['fuzz/**/*.fuzz.ts'],
    concurrency: 2,
    fileTimeoutMs: 10 * minuteMs,
  },
}
