const minuteMs = 60_000;

/** What one job may use, and how long each layer waits for the one below it. */
export interface Budget {
  /** Starts that did not come back (a crash, a deadline), before the job is given up. */
  readonly maxAttempts: number;
  /** Calls of the model for one region, before the job is given up. 1 = never bill twice. */
  readonly maxModelCalls: number;
  /** A claim untouched for this long belongs to a worker that is gone. */
  readonly leaseMs: number;
  /** A task not answered for this long is sent again. */
  readonly taskDeadlineMs: number;
  /** Ends a run from inside: a platform's timeout would not stop the code. */
  readonly deadlineMs: number;
  /** Events older than this are left to the sweeper. */
  readonly maxEventAgeMs: number;
}

/**
 * Lease 15 min > task deadline 10 min > function timeout 9 min > own deadline 8 min 30 s: each layer gives
 * up before the one above stops listening. Eventarc keeps events for 24 h.
 */
export const defaultBudget: Budget = {
  maxAttempts: 5,
  maxModelCalls: 3,
  leaseMs: 15 * minuteMs,
  taskDeadlineMs: 10 * minuteMs,
  deadlineMs: 8.5 * minuteMs,
  maxEventAgeMs: 24 * 60 * minuteMs,
};

/** What Cloud Tasks allows. @see https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues.tasks */
const maxTaskDeadlineMs = 30 * minuteMs;

/** The default with another deadline for a run: where that is longer, everything that must outlast it is too. */
export function budgetWithin(deadlineMs: number): Budget {
  const later = Math.max(0, deadlineMs - defaultBudget.deadlineMs);
  return {
    ...defaultBudget,
    deadlineMs,
    taskDeadlineMs: Math.min(defaultBudget.taskDeadlineMs + later, maxTaskDeadlineMs),
    leaseMs: defaultBudget.leaseMs + later,
  };
}
