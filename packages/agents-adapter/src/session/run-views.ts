import type { ConversationOptions } from '@agent-sessions/session-core';
import type { RunContext } from '@openai/agents-core';

import { notRead } from './refusals.ts';
import { checkChoice, type SessionChoice } from './session-choice.ts';
import { SessionView } from './session-view.ts';

/** A run with the runs nested in it, and whatever else is told of the same run context. */
interface Run {
  /** What was inside the run context when the view was chosen. */
  context: unknown;
  view: SessionView;
  /** A view of each session that was chosen, by its id and user. */
  readonly views: Map<string, SessionView>;
}

/** The views that runs have of their sessions, found by the run context that every call is told. */
export class RunViews<TContext> {
  readonly #options: ConversationOptions;
  readonly #choose: ((context: TContext) => SessionChoice) | undefined;
  readonly #runs = new WeakMap<object, Run>();

  constructor(
    options: ConversationOptions,
    choose: ((context: TContext) => SessionChoice) | undefined,
  ) {
    this.#options = options;
    this.#choose = choose;
  }

  /** The view of who reads: asks anew what the context chooses, for a run may begin with it. */
  toRead(runContext: RunContext<TContext>): SessionView {
    const { context, usage } = runContext;
    const options = this.#chosen(context);
    const key = JSON.stringify([options.sessionId, options.userId]);
    const { views } = this.#runOf(runContext) ?? { views: new Map<string, SessionView>() };
    const view = views.get(key) ?? new SessionView(options, true);
    const run = { context, view, views: views.set(key, view) };
    this.#runs.set(runContext, run).set(usage, run);
    return view;
  }

  /**
   * The view of who goes on.
   *
   * @throws SessionError `conflict` where the context has chosen another session in mid-turn
   */
  toGoOn(runContext: RunContext<TContext>): SessionView {
    const run = this.#runOf(runContext);
    if (run?.context === runContext.context) return run.view;
    const isInTurn = [...(run?.views.values() ?? [])].some((view) => view.isInTurn);
    const view = this.toRead(runContext);
    if (isInTurn && !view.isRead) throw notRead(view.conversation.sessionId);
    return view;
  }

  /** The run context of a nested run may be a fork, an object of its own that shares the usage. */
  #runOf(runContext: RunContext<TContext>): Run | undefined {
    return this.#runs.get(runContext.usage) ?? this.#runs.get(runContext);
  }

  #chosen(context: TContext): ConversationOptions {
    const choose = this.#choose;
    return choose ? { ...this.#options, ...checkChoice(choose(context)) } : this.#options;
  }
}
