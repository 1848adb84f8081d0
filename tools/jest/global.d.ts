// Jest runs set-up and teardown in one process and gives them nothing but the global object.
declare var stopTestRedis: (() => Promise<void>) | undefined;
