import { describe } from 'vitest';
import { itSurvives, itSurvivesHangs, longerThanRetries } from '../../../support/failing-job.ts';

describe('a job whose storage fails at any request (G7, G8)', { timeout: 120_000 }, () => {
  itSurvives({ kind: 'reset', times: 1, mostCalls: 1 });
  itSurvives({ kind: 'cut', times: 1, mostCalls: 1 });
  itSurvives({ kind: 'lost', times: longerThanRetries, mostCalls: 2 });
  itSurvives({ kind: 'crash-before', times: 1, mostCalls: 2 });
  const how = { requestMs: 250 };
  itSurvivesHangs({ what: 'the request times out and is made again', how, mostCalls: 1 });
});
