import { Module } from '@nestjs/common';
import { ConfigModule } from '../config/config.module.js';
import { AccountMails } from './account-mails.js';
import { Mailer } from './mailer.js';

/** Mails to people, and what they say. */
@Module({ imports: [ConfigModule], providers: [AccountMails, Mailer], exports: [AccountMails] })
export class MailModule {}
