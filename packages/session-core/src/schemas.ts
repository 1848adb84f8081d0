export { Message, Role, Said } from './contract/message.schema.ts';
export { Operation, SessionState } from './driver/session-state.schema.ts';
