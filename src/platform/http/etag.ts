import { createParamDecorator } from '@nestjs/common';
export const IfMatch = createParamDecorator((): undefined => undefined);
