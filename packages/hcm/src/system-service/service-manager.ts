import type { PlanStep, ServiceCommand } from './plan-step.ts'

/** What a service manager is asked to do. */
export type ServiceAction = 'install' | 'uninstall' | 'start' | 'stop'

/** What a plan is made for. */
export interface PlanOptions {
  /** What `run` is appended to. */
  readonly program: readonly [string, ...string[]]
  /** Folder that stands for /, of a system that does not run: the image of one, or a package. */
  readonly root?: string | undefined
  /** Whether what is installed is started too. */
  readonly starts: boolean
}

/** What starts programs on one kind of system. */
export interface ServiceManager {
  /** How it is called, for people. */
  readonly title: string
  /** The file that says what the service is. */
  readonly definitionPath: string
  readonly plan: Readonly<Record<ServiceAction, (options: PlanOptions) => readonly PlanStep[]>>
  /** Prints how the service is. */
  readonly statusCommand: ServiceCommand
  /** What must be there before, and where it comes from. */
  readonly needs?: { readonly path: string; readonly help: string }
}
