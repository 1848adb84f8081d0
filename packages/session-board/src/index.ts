export { sessionBoard } from './session-board.ts';
export type { BoardAccess, SessionBoardOptions } from './session-board.ts';
