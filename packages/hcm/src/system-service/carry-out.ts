import { chmod, mkdir, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { writeAtomically } from '@postern/program'
import type { PlanStep, ServiceCommand } from './plan-step.ts'

/** What came of a program. */
export interface CommandResult {
  readonly code: number
  /** Both of its outputs. */
  readonly output: string
}

/** Runs a program to its end. @throws {Error} when it is not there. */
export type RunCommand = (command: ServiceCommand) => Promise<CommandResult>

/** Everybody may read what a service is; secrets are not in it. */
const definitionMode = 0o644

/**
 * Does what a plan says, step by step; stops at the first step that fails.
 *
 * @throws {Error} saying which step it was, and why.
 */
export async function carryOut(steps: readonly PlanStep[], runCommand: RunCommand): Promise<void> {
  for (const step of steps) await take(step, runCommand)
}

async function take(step: PlanStep, runCommand: RunCommand): Promise<void> {
  switch (step.kind) {
    case 'write':
      await mkdir(dirname(step.path), { recursive: true })
      await writeAtomically(step.path, step.text)
      return chmod(step.path, definitionMode)
    case 'remove':
      return rm(step.path, { force: true })
    case 'run': {
      const { code, output } = await runCommand(step.command)
      if (code !== 0)
        throw new Error(`${step.command.join(' ')} ended with ${code}: ${output.trim() || 'it said nothing'}`)
    }
  }
}
