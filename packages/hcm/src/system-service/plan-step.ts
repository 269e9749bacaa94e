/** A program with its arguments. */
export type ServiceCommand = readonly [program: string, ...args: string[]]

/** One step on the way to a changed system. All that is changed is a list of these, so that it can be shown before. */
export type PlanStep =
  | { readonly kind: 'write'; readonly path: string; readonly text: string }
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'run'; readonly command: ServiceCommand }

/** Makes the step that writes a file which everybody may read. */
export function write(path: string, text: string): PlanStep {
  return { kind: 'write', path, text }
}

/** Makes the step that removes a file. */
export function remove(path: string): PlanStep {
  return { kind: 'remove', path }
}

/** Makes the step that runs a program. */
export function run(...command: ServiceCommand): PlanStep {
  return { kind: 'run', command }
}

/** Shows steps to somebody who wants to know before, or does them by hand. */
export function formatSteps(steps: readonly PlanStep[]): string {
  return `${steps.map(formatStep).join('\n')}\n`
}

function formatStep(step: PlanStep): string {
  switch (step.kind) {
    case 'write':
      return `write ${step.path}\n${step.text.trimEnd().replaceAll(/^(?=.)/gm, '    ')}\n`
    case 'remove':
      return `remove ${step.path}`
    case 'run':
      return `run ${step.command.map(quoted).join(' ')}`
  }
}

function quoted(word: string): string {
  return /^[\w@%+=:,./\\*()-]+$/.test(word) ? word : `"${word}"`
}
