/** The command of a report, as a reader can repeat it: a script of package.json and what stood behind it. */
export function repeatableCommand(script: string, args: readonly string[]): string {
  return [`npm run ${script}`, ...(args.length > 0 ? ['--'] : []), ...args].join(' ')
}
