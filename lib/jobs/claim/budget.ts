const minuteMs = 60_000;

/** What one job may use, and how long each layer waits for the one below it. */
export interface Budget {
  /** Runs that did not end in order (a crash, a deadline) before the job is given up. */
  readonly maxAttempts: number;
  /** Calls of the model for one region before the job is given up. 1: no call is ever billed twice. */
  readonly maxModelCalls: number;
  /** The run of a claim that was not written for this long is gone. */
  readonly leaseMs: number;
  /** A task without an answer for this long is sent again. */
  readonly taskDeadlineMs: number;
  /** Ends a run from inside: a timeout of the platform would not stop the code. */
  readonly deadlineMs: number;
  /** Older events are left to the sweep. */
  readonly maxEventAgeMs: number;
}

/**
 * Lease 15 min > task deadline 10 min > function timeout 9 min > own deadline 8 min 30 s: each layer gives
 * up before the layer above stops listening. Eventarc keeps events for 24 h.
 */
export const defaultBudget: Budget = {
  maxAttempts: 5,
  maxModelCalls: 3,
  leaseMs: 15 * minuteMs,
  taskDeadlineMs: 10 * minuteMs,
  deadlineMs: 8.5 * minuteMs,
  maxEventAgeMs: 24 * 60 * minuteMs,
};

/**
 * The limit of Cloud Tasks.
 *
 * @see https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues.tasks
 */
const maxTaskDeadlineMs = 30 * minuteMs;

/**
 * The least deadline of an edit whose call of the model may wait for half an hour, and the most that fits
 * below a task: the timeout of its function is 30 s longer, and 10 s shorter than the wait of the task.
 */
export const flexDeadlineMs: number = maxTaskDeadlineMs - 40_000;

/**
 * The default with another deadline for a run. What must outlast a run follows the longest one, which may be
 * in another function: who queues a task says how long it waits.
 */
export function budgetWithin(deadlineMs: number, longestMs: number = deadlineMs): Budget {
  const longer = Math.max(0, deadlineMs - defaultBudget.deadlineMs, longestMs - defaultBudget.deadlineMs);
  return {
    ...defaultBudget,
    deadlineMs,
    taskDeadlineMs: Math.min(defaultBudget.taskDeadlineMs + longer, maxTaskDeadlineMs),
    leaseMs: defaultBudget.leaseMs + longer,
  };
}
