/**
 * What must not break a session store, by the number that the titles of its tests begin with.
 *
 * F are failures that users of session stores report. A to D are seams where a promise of ours once
 * did not hold: A data in the store, B data through the SDK, C availability and words, D Redis as it
 * is really run.
 */
export const failures: Readonly<Record<string, string>> = {
  F1: 'The connection is cut after any byte of a commit or of its answer',
  F2: 'The answer to a commit is lost, and the commit is repeated',
  F3: 'One item of a batch cannot be stored',
  F4: 'Items are nested 90 to 200 deep',
  F5: 'Eight processes commit to one session at once',
  F6: 'Two runs decide on the same history',
  F7: '50 pops of 20 items at once',
  F8: 'A history transaction comes again, after a restart or with other content',
  F9: 'The suffix that a transaction replaces has changed',
  F10: 'Others write while a compaction runs, or it is killed',
  F11: 'A window of turns or tokens cuts a transcript anywhere',
  F12: 'A limit of 0, below 0, in fractions, beyond all integers, or none',
  F13: 'Messages of one millisecond; a clock that steps back',
  F14: 'The same text twice; the same commit twice',
  F15: 'A session expires, also inside a run',
  F16: 'Another process deletes the session in mid-run',
  F17: 'Ids that look like patterns, paths or one another',
  F18: 'Content that breaks encodings, paths and prototypes',
  F19: 'Numbers at the edges of what JSON and doubles can say',
  F20: 'A stored message is damaged, or the document of a form not known',
  F21: 'The key holds another type, or the JSON of another library',
  F22: 'Encryption: a wrong or rotated key, changed or moved text',
  F23: 'Redis is down, paused, restarting, read-only, full, loading, denying, failing over',
  F24: 'Every client, topology and protocol; clients passed in; ten thousand sessions',
  F25: 'The real Runner: streamed, aborted, failing, guarded, approved, handed off, compacting',
  Fsize: 'A session of 20,000 messages and 50 MB',
  C8: 'The role of a result changes; a torture on a busy machine ends before it has its kills',
  A2: 'A message that cannot be read stands in what is read, dropped or rewritten',
  A7: 'A text has millions of escapes, and a key has one, too',
  C4: 'What is secret or said stands in no error: passwords of URLs, contents in causes',
  C9: 'The conformance kit meets a store that goes on after close(), or hangs, or a wrong set-up',
  B1: 'An approval comes when the session is gone, begun anew, compacted or cleared',
  B2: 'The compaction of one run fails while another run of the same object stores its turn',
  B3: 'A run begins while another run of the same object compacts, or decides whether to',
  B4: 'The session ends in mid-run: around nested runs, compactions, other reads of the same object',
  B5: 'Others write around an approval, and then the model compacts inline',
  B6: 'One run context serves several runs, and its context changes',
  B7: 'The choice of a session has no id, a misspelt member, or comes later',
  B8: 'The session of a run belongs to another user',
};
