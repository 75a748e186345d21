import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { RolesModule } from '../roles/roles.module.js';
import { TenancyModule } from '../tenancy/tenancy.module.js';
import { UserAccessController } from './user-access.controller.js';
import { UserUnlockService } from './user-unlock.service.js';
import { UsersController } from './users.controller.js';
import { UsersRepository } from './users.repository.js';
import { UsersService } from './users.service.js';

@Module({
  imports: [AuthModule, RolesModule, TenancyModule],
  controllers: [UsersController, UserAccessController],
  providers: [UsersService, UserUnlockService, UsersRepository],
  exports: [UsersService],
})
export class UsersModule {}
